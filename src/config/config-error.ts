/** A file and its Unicode text. */
export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** A file that the user wrote cannot be used. */
export class ConfigError extends Error {
  override name = "ConfigError";
  /** What is wrong, one line each: file, line, path, what was seen, what is expected. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}
