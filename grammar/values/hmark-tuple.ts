import { keywordList } from "./keyword.ts";

/** `--hmark-tuple src,dst,sport` */
export const hmarkTuple = keywordList("hmark-tuple", ["src", "dst", "sport", "dport", "spi", "ct"]);
