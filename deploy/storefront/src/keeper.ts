/**
 * Keeps unsent events from one page of a visit to the next, in the tab's session storage. The outbox bounds how much.
 *
 * A storage that is full, forbidden or filled with something else is as good as none.
 */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";

import type { Event } from "./event";
import { RecordEventsRequestSchema } from "./gen/rescate/session/v1/session_tracking_service_pb";

const KEY = "rescate.unsent";

export class Keeper {
  readonly #session: string;

  constructor(session: string) {
    this.#session = session;
  }

  /** Keeps these events, and no others. */
  keep(events: Event[]): void {
    try {
      if (events.length === 0) {
        sessionStorage.removeItem(KEY);
        return;
      }
      const bytes = toBinary(RecordEventsRequestSchema, create(RecordEventsRequestSchema, { events }));
      sessionStorage.setItem(KEY, `${this.#session} ${base64Encode(bytes)}`);
    } catch {
      // Then the next page does not know of them.
    }
  }

  /** Takes out what an earlier page kept. Events of another session are dropped: no token of this one would send them. */
  take(): Event[] {
    try {
      const kept = sessionStorage.getItem(KEY);
      sessionStorage.removeItem(KEY);
      const [session, bytes] = kept?.split(" ") ?? [];
      if (session !== this.#session || bytes === undefined) {
        return [];
      }
      return fromBinary(RecordEventsRequestSchema, base64Decode(bytes)).events;
    } catch {
      return [];
    }
  }
}
