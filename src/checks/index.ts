import type { Check } from "./check.ts";
import { undeclaredChain } from "./undeclared-chain.ts";

/** Every check, in the order of the documentation. */
export const allChecks: readonly Check[] = [undeclaredChain];
