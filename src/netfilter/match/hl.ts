export { hl } from "./ttl.ts";
