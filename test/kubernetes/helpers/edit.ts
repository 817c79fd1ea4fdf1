/** The text as iptables-save would print it had nobody written a comment into a rule. */
export const withoutComments = (text: string): string =>
  text.replace(/ -m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)/g, "");
