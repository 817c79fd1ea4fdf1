import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SENDER = fileURLToPath(new URL("./sender.mjs", import.meta.url));

/** A process in a namespace that sends what it is told to. */
export class Sender {
  readonly #process: ChildProcess;
  readonly #waiting: (() => void)[] = [];
  #failed: Error | null = null;

  constructor(namespace: string) {
    this.#process = spawn("ip", ["netns", "exec", namespace, process.execPath, SENDER], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#process.stdout! }).on("line", () => this.#waiting.shift()?.());
    this.#process.on("exit", (code) => {
      this.#failed = new Error(`the sender in ${namespace} ended with ${code}`);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  async ask(command: object): Promise<void> {
    if (this.#failed !== null) throw this.#failed;
    this.#process.stdin!.write(`${JSON.stringify(command)}\n`);
    await new Promise<void>((done) => this.#waiting.push(done));
    if (this.#failed !== null) throw this.#failed;
  }

  stop(): void {
    this.#process.removeAllListeners("exit");
    this.#process.stdin!.end();
    this.#process.kill();
  }
}
