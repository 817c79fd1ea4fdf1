/** Rules of random options: nearly every line has a form of its own. */
export function randomRules(n: number): string;
/** Each of about `n` lines; name -> text. */
export const nasty: Readonly<Record<string, (n: number) => string>>;
