/** A watcher under test: what it is given, and what it told. */

import type { Payload } from "../../src/event";
import { settle } from "../../src/options";
import type { Options, Settings } from "../../src/options";
import type { Problem } from "../../src/problem";
import type { Watch } from "../../src/watch/watch";
import { SESSION, VISITOR } from "./events";

export const OPTIONS: Options = {
  endpoint: "https://events.example",
  session: SESSION,
  visitor: VISITOR,
  token: async () => "token",
};

export class Watching implements Watch {
  readonly told: Payload[] = [];
  readonly problems: Problem[] = [];
  readonly stop = new AbortController();
  readonly stopped = this.stop.signal;
  readonly settings: Settings;
  isLeaving = false;

  constructor(options: Partial<Options> = {}) {
    this.settings = settle({ ...OPTIONS, ...options });
  }

  readonly report = (problem: Problem): void => void this.problems.push(problem);

  tell(payload: () => Payload): void {
    this.told.push(payload());
  }

  leaving(): boolean {
    return this.isLeaving;
  }

  /** Kinds of what was told, custom events under their own names. */
  get kinds(): string[] {
    return this.told.map((payload) => (payload.case === "custom" ? payload.value.name : payload.case));
  }
}
