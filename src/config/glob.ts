/** Whether a pattern is the whole text; `*` stands for any letters, none too. Hostile texts cost no more than text times pattern. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let retry = 0;
  while (at < text.length) {
    if (pattern[next] === "*") {
      star = next++;
      retry = at;
    } else if (pattern[next] === text[at]) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++retry;
    } else return false;
  }
  while (pattern[next] === "*") next++;
  return next === pattern.length;
}

/** Whether a text is one of these patterns. */
export function globs(patterns: readonly string[]): (text: string) => boolean {
  return (text) => patterns.some((pattern) => matchesGlob(pattern, text));
}
