/**
 * Events that the suite has not acknowledged yet, in the order in which they happened.
 *
 * The outbox is bounded by number and size. At the bound the oldest event goes: what happened long ago is the least
 * likely to matter to a shopper who hesitates now.
 */

import { encodedBytes } from "./event";
import type { Event } from "./event";

/** How much an outbox holds, or a batch. */
export interface Bound {
  readonly events: number;
  readonly bytes: number;
}

interface Entry {
  readonly event: Event;
  readonly bytes: number;
}

export class Outbox {
  readonly #bound: Bound;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(bound: Bound) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** All events. */
  all(): Event[] {
    return [...this.#entries.values()].map((entry) => entry.event);
  }

  /** Takes an event in, in place of one with the same id, and returns those that had to go for it. */
  add(event: Event): Event[] {
    const entry = { event, bytes: encodedBytes(event) };
    this.#remove(event.eventId);
    this.#entries.set(event.eventId, entry);
    this.#bytes += entry.bytes;
    return this.#shrink();
  }

  /** The oldest events that fit `bound` together, but for those with an id in `except`; one at least, if there is one. */
  batch(bound: Bound, except: ReadonlySet<string>): Event[] {
    const events: Event[] = [];
    let bytes = 0;
    for (const [id, entry] of this.#entries) {
      if (except.has(id)) {
        continue;
      }
      bytes += entry.bytes;
      if (events.length > 0 && (events.length === bound.events || bytes > bound.bytes)) {
        break;
      }
      events.push(entry.event);
    }
    return events;
  }

  /** Lets go of events that are acknowledged or refused. */
  forget(events: readonly Event[]): void {
    for (const event of events) {
      this.#remove(event.eventId);
    }
  }

  #shrink(): Event[] {
    const dropped: Event[] = [];
    for (const { event } of this.#entries.values()) {
      if (this.#entries.size <= this.#bound.events && this.#bytes <= this.#bound.bytes) {
        break;
      }
      this.#remove(event.eventId);
      dropped.push(event);
    }
    return dropped;
  }

  #remove(id: string): void {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0;
    this.#entries.delete(id);
  }
}
