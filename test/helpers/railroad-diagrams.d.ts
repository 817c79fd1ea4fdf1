declare module "@prantlf/railroad-diagrams" {
  /** Every element takes its parts and renders itself as SVG. */
  class Element {
    constructor(...parts: unknown[]);
    toString(): string;
  }

  export {
    Element as Choice,
    Element as Comment,
    Element as Diagram,
    Element as NonTerminal,
    Element as OneOrMore,
    Element as Optional,
    Element as Sequence,
    Element as Stack,
    Element as Terminal,
    Element as ZeroOrMore,
  };
}
