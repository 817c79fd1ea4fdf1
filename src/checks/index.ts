import type { Check } from "./check.ts";
import { missingMasqueradeMark } from "./missing-masquerade-mark.ts";
import { undeclaredChain } from "./undeclared-chain.ts";

/** Every check, in the order of the documentation. */
export const allChecks: readonly Check[] = [missingMasqueradeMark, undeclaredChain];
