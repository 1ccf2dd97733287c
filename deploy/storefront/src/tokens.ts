/** The token of the session, asked of the shop once and again when it has ended. */

/** A shop that does not answer by then, in milliseconds, has no token. */
const PATIENCE_MS = 10_000;

export class Tokens {
  readonly #ask: () => Promise<string>;
  #known: string | undefined;
  #asking: Promise<string> | undefined;

  constructor(ask: () => Promise<string>) {
    this.#ask = ask;
  }

  /** The token, if it is known already: a page that unloads cannot wait for one. */
  get known(): string | undefined {
    return this.#known;
  }

  /** The token. Rejects when the shop has none. */
  async get(): Promise<string> {
    if (this.#known === undefined) {
      this.#asking ??= inTime(this.#ask()).finally(() => {
        this.#asking = undefined;
      });
      this.#known = await this.#asking;
    }
    return this.#known;
  }

  /** The token was refused: the next call asks for a new one. */
  forget(token: string): void {
    if (this.#known === token) {
      this.#known = undefined;
    }
  }
}

async function inTime(answer: Promise<string>): Promise<string> {
  let timer;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("the token did not come in time")), PATIENCE_MS);
  });
  try {
    const token = await Promise.race([answer, late]);
    if (!token) {
      throw new Error("there is no token");
    }
    return token;
  } finally {
    clearTimeout(timer);
  }
}
