import { keywordList } from "./keyword.ts";

/** `--dccp-types REQUEST,RESPONSE` */
export const dccpTypes = keywordList(
  "dccp-types",
  ["REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK", "INVALID"],
  { ignoreCase: true },
);
