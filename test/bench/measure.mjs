import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** One run of a whole process: wall seconds and peak memory in megabytes (`null` where /proc does not tell). */
function run({ argv, env = {}, input = null }) {
  return new Promise((resolve) => {
    const begun = process.hrtime.bigint();
    const environment = { ...process.env, ...env };
    delete environment.NODE_EXTRA_CA_CERTS;
    const child = spawn(argv[0], argv.slice(1), {
      stdio: ["ignore", "ignore", "ignore"],
      env: environment,
      ...(input && { input }),
    });
    let peak = 0;
    const look = () => {
      try {
        const found = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "latin1"));
        if (found) peak = Math.max(peak, Number(found[1]) / 1024);
      } catch {
        // gone already
      }
    };
    const timer = setInterval(look, 10);
    child.on("close", (code, signal) => {
      clearInterval(timer);
      resolve({
        seconds: Number(process.hrtime.bigint() - begun) / 1e9,
        megabytes: peak || null,
        code: signal ?? code,
      });
    });
  });
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Runs every command in turn, so that the machine's moods hit all alike; the first round is not counted.
 * commands: name -> { argv, rounds? } ; result: name -> { seconds, megabytes, code } with medians.
 */
export async function interleave(commands, rounds) {
  const seen = new Map(Object.keys(commands).map((name) => [name, []]));
  const most = Math.max(...Object.values(commands).map((command) => command.rounds ?? rounds));
  for (let round = 0; round <= most; round++)
    for (const [name, command] of Object.entries(commands)) {
      const wanted = command.rounds ?? rounds;
      // a command that takes minutes is run once, and counted
      if (wanted === 1 ? round !== 0 : round > wanted) continue;
      const result = await run(command);
      if (wanted === 1 || round > 0) seen.get(name).push(result);
    }
  return Object.fromEntries(
    [...seen].map(([name, results]) => [
      name,
      {
        seconds: median(results.map((result) => result.seconds)),
        megabytes: median(results.map((result) => result.megabytes ?? 0)) || null,
        code: results[0].code,
      },
    ]),
  );
}

/** `iptables-{nft,legacy}-restore --test` in an empty network namespace, where root and iptables are there. */
export function restoreCommand(backend, file) {
  const probe = spawnSync("unshare", ["-n", `iptables-${backend}-restore`, "--version"], { stdio: "ignore" });
  return probe.status === 0 ? { argv: ["unshare", "-n", `iptables-${backend}-restore`, "--test", file] } : null;
}
