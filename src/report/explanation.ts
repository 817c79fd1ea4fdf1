import type { ListedServicePort } from "./service-list.ts";
import type { WaySection } from "./way.ts";

/** Where a part of the connections goes. All text is decoded, not escaped. */
export interface ExplainedShare {
  /** Of all new connections; `null` where the rules do not show it. */
  readonly share: number | null;
  /** `1/3` */
  readonly ideal: string | null;
  /** `10.244.1.5:80`; `null` where none is shown or none is reached. */
  readonly address: string | null;
  /** What there is to say instead of an address, or besides it. */
  readonly note: string | null;
}

/** What the endpoint sees as the source of a connection. */
export interface SeenSource {
  readonly client: string;
  readonly seen: string;
}

/** One answer to what was asked. */
export interface Explanation {
  readonly node: string;
  /** The answer in one line. */
  readonly headline: string;
  /** The Service port that it is about; `null` for a chain or a line of others. */
  readonly servicePort: ListedServicePort | null;
  readonly shares: readonly ExplainedShare[];
  /** How an endpoint is chosen; `null` where there is nothing to choose. */
  readonly choice: string | null;
  /** Whose way is shown: "The way of a connection to any address of this node, port 30080/tcp". */
  readonly wayOf: string | null;
  readonly way: readonly WaySection[];
  readonly sources: readonly SeenSource[];
  /** What else is to be known, a sentence or two each. */
  readonly remarks: readonly string[];
  /** What the capture does not show. */
  readonly notShown: readonly string[];
}

/** All answers, or what is near to what was asked. */
export interface ExplainReport {
  readonly version: string;
  readonly question: string;
  readonly answers: readonly Explanation[];
  /** What was looked for, when nothing was found. */
  readonly searched: string | null;
  /** Things of that kind that there are, nearest first. */
  readonly near: readonly string[];
}
