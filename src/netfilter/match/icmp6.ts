export { icmp6 } from "./icmp.ts";
