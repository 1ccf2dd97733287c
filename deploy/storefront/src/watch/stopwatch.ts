/** Sums up the time for which something was in view. */
export class Stopwatch {
  #total = 0;
  #since: number | undefined;

  /** Runs, or runs on. */
  run(): void {
    this.#since ??= performance.now();
  }

  pause(): void {
    this.#total = this.elapsedMs;
    this.#since = undefined;
  }

  /** Back to zero and at rest. */
  reset(): void {
    this.#total = 0;
    this.#since = undefined;
  }

  get elapsedMs(): number {
    return this.#total + (this.#since === undefined ? 0 : performance.now() - this.#since);
  }
}
