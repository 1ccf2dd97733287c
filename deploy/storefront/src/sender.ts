/**
 * Sends events in batches, one call at a time, until each is acknowledged or refused.
 *
 * A call that may not have arrived is made again, later and later, with the same ids. A page that is left sends what it
 * can at once, and keeps everything that is not acknowledged for the next page of the visit: that page may send again
 * what has arrived, which the suite counts as a duplicate.
 */

import type { Answer, Call, Refusal } from "./call";
import type { Event, EventMaker } from "./event";
import type { Report } from "./guard";
import type { Keeper } from "./keeper";
import type { Bound, Outbox } from "./outbox";
import type { Tokens } from "./tokens";

/** The pace of a sender. */
export interface Pace {
  /** Most of one batch. */
  readonly batch: Bound;
  /** How long an event waits for others to go with it, in milliseconds. */
  readonly batchDelayMs: number;
  /** First wait before a call is made again, in milliseconds; each further one is twice as long ... */
  readonly retryMs: number;
  /** ... up to this. */
  readonly maxRetryMs: number;
}

/** What a sender works with. */
export interface Parts {
  readonly outbox: Outbox;
  readonly keeper: Keeper;
  readonly tokens: Tokens;
  readonly call: Call;
  readonly maker: Pick<EventMaker, "mend">;
  readonly report: Report;
}

export class Sender {
  readonly #parts: Parts;
  readonly #pace: Pace;
  readonly #stopped: AbortSignal;
  /** Ids of events in a call that has no answer yet. */
  readonly #underway = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;
  #busy = false;
  #away = false;
  #failures = 0;
  #notBefore = 0;

  constructor(parts: Parts, pace: Pace, stopped: AbortSignal) {
    this.#parts = parts;
    this.#pace = pace;
    this.#stopped = stopped;
    stopped.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** Takes an event in, to be sent soon. */
  offer(event: Event): void {
    this.#put(event);
    this.#wake();
  }

  /** Ends the wait after a failed call: something says that it would go through now. */
  hurry(): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.#wake();
  }

  /** The page is left or hidden, and may never be seen again. */
  leave(): void {
    this.#away = true;
    this.#keepUnsent();
    const token = this.#parts.tokens.known;
    if (token !== undefined) {
      void this.#send(this.#nextBatch(), token);
    }
  }

  /** The page is in view again, and sends for itself. */
  comeBack(): void {
    this.#away = false;
    this.#parts.keeper.keep([]);
    this.#wake();
  }

  #put(event: Event): void {
    for (const dropped of this.#parts.outbox.add(event)) {
      this.#parts.report({ what: "overflow", event: dropped.payload.case ?? "custom" });
    }
    this.#keepUnsent();
  }

  /** Sets the timer, unless it goes off early enough. */
  #wake(): void {
    const waiting = this.#parts.outbox.size - this.#underway.size;
    if (waiting <= 0 || this.#stopped.aborted) {
      return;
    }
    const now = performance.now();
    const wait = waiting >= this.#pace.batch.events || this.#away ? 0 : this.#pace.batchDelayMs;
    const due = Math.max(now + wait, this.#notBefore);
    if (due >= this.#due) {
      return;
    }
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#due = Infinity;
      void this.#pump();
    }, due - now);
  }

  async #pump(): Promise<void> {
    if (this.#busy) {
      return;
    }
    this.#busy = true;
    const token = await this.#token();
    if (token !== undefined) {
      await this.#send(this.#nextBatch(), token);
    }
    this.#busy = false;
    this.#wake();
  }

  async #token(): Promise<string | undefined> {
    try {
      return await this.#parts.tokens.get();
    } catch (error) {
      this.#parts.report({ what: "token", error });
      this.#backOff(0);
      return undefined;
    }
  }

  #nextBatch(): Event[] {
    return this.#parts.outbox.batch(this.#pace.batch, this.#underway);
  }

  async #send(events: Event[], token: string): Promise<void> {
    if (events.length === 0 || this.#stopped.aborted) {
      return;
    }
    events.forEach((event) => this.#underway.add(event.eventId));
    const answer = await this.#parts.call(events, token, this.#stopped);
    events.forEach((event) => this.#underway.delete(event.eventId));
    if (!this.#stopped.aborted) {
      this.#settle(events, token, answer);
      this.#wake();
    }
  }

  #settle(events: Event[], token: string, answer: Answer): void {
    switch (answer.is) {
      case "taken":
        this.#failures = 0;
        this.#parts.outbox.forget(events);
        answer.refused.forEach((refusal) => this.#refused(refusal));
        break;
      case "refused":
        this.#parts.outbox.forget(events);
        events.forEach((event) => this.#drop({ event, field: "", reason: answer.reason }));
        break;
      case "unauthenticated":
        this.#parts.tokens.forget(token);
        this.#parts.report({ what: "token", error: new Error("the suite refused the token") });
        this.#backOff(0);
        break;
      case "later":
        this.#backOff(answer.afterMs);
        break;
    }
    this.#keepUnsent();
  }

  #refused(refusal: Refusal): void {
    const mended = this.#parts.maker.mend(refusal.event, refusal.field);
    if (mended === undefined) {
      this.#drop(refusal);
    } else {
      this.#put(mended);
    }
  }

  #drop({ event, field, reason }: Refusal): void {
    this.#parts.report({ what: "refused", event: event.payload.case ?? "custom", field, reason });
  }

  /** Waits twice as long as before, give or take half: the pages of a shop must not come back all at once. */
  #backOff(atLeastMs: number): void {
    const wait = Math.min(this.#pace.retryMs * 2 ** this.#failures, this.#pace.maxRetryMs);
    this.#failures += 1;
    this.#notBefore = performance.now() + atLeastMs + wait * (0.5 + Math.random() / 2);
  }

  /** While nobody looks at the page, what is kept follows what is unsent. */
  #keepUnsent(): void {
    if (this.#away) {
      this.#parts.keeper.keep(this.#parts.outbox.all());
    }
  }
}
