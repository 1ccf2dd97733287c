/** What the browser test is told by its caller: `RESCATE_BIN`, the suite, and `RESCATE_CHROMIUM`, the browser. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} must name a program; \`cargo xtask test\` sets it`);
  }
  return value;
}

/** Waits until `ask` gives something that `holds`, and says what it gave last when that takes too long. */
export async function eventually<T>(ask: () => Promise<T> | T, holds: (answer: T) => boolean): Promise<T> {
  const patienceMs = 20_000;
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) {
      return answer;
    }
    if (Date.now() > deadline) {
      const shown = JSON.stringify(answer, (_key, value) => (typeof value === "bigint" ? `${value}` : value), 1);
      throw new Error(`still not so after ${patienceMs} ms: ${shown}`);
    }
    await new Promise((passed) => setTimeout(passed, 50));
  }
}
