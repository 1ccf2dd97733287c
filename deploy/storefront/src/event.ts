/** Events as they are sent. What is alike in all events of a page is filled in here. */

import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import { EventSchema } from "./gen/rescate/session/v1/event_pb";
import type { Event } from "./gen/rescate/session/v1/event_pb";
import { EventIds } from "./ids";
import { pathOnly } from "./text";

export type { Event };

/** What happened, in the contract's form. */
export type Payload = Exclude<Event["payload"], { case: undefined }>;

/** The contract's name for a kind of event, such as `cartItemAdded`. */
export type EventName = Payload["case"];

/** Whose events these are, and where they happen. */
export interface Context {
  session: string;
  visitor: string;
  /** IANA name; empty when unknown. */
  timeZone: string;
  /** Two letters; empty when unknown. */
  language: string;
}

/** Fields that say where an event happened, not what: without them it is still worth telling. */
const DISPENSABLE = { time_zone: "timeZone", language: "language" } as const;

/** Makes the events of one page. */
export class EventMaker {
  /** Name of the page that is in view. */
  page = "";

  readonly #context: Context;
  readonly #now: () => number;
  readonly #ids = new EventIds();

  constructor(context: Context, now: () => number) {
    this.#context = context;
    this.#now = now;
  }

  /** An event that happens now. Throws when the payload holds what the contract cannot. */
  make(payload: Payload): Event {
    const now = Math.floor(this.#now());
    const { session, visitor, timeZone, language } = this.#context;
    return create(EventSchema, {
      eventId: this.#ids.next(now),
      sessionId: session,
      visitorId: visitor,
      occurredAt: timestampFromMs(now),
      page: pathOnly(this.page),
      timeZone,
      language,
      payload,
    });
  }

  /**
   * The event without the field that the suite refused, to be sent again, or nothing when it cannot do without. A
   * browser may know a time zone or language that the suite does not, which is no reason to lose its shopper; no later
   * event carries it.
   */
  mend(event: Event, field: string): Event | undefined {
    if (field !== "time_zone" && field !== "language") {
      return undefined;
    }
    const name = DISPENSABLE[field];
    this.#context[name] = "";
    return event[name] === "" ? undefined : create(EventSchema, { ...event, [name]: "" });
  }
}

/** Size of an event on the wire. Throws when the event holds what the contract cannot. */
export function encodedBytes(event: Event): number {
  const LENGTH_PREFIX = 4;
  return toBinary(EventSchema, event).length + LENGTH_PREFIX;
}
