/** Events for tests; each shows only what the test is about. */

import { EventMaker } from "../../src/event";
import type { Event } from "../../src/event";
import { custom } from "../../src/payload";

export const SESSION = "ses_01890a5d-ac96-774b-bcce-b302099a8058";
export const VISITOR = "vis_01890a5d-ac96-774b-bcce-b302099a8059";

export function eventMaker(): EventMaker {
  return new EventMaker({ session: SESSION, visitor: VISITOR, timeZone: "Europe/Madrid", language: "es" }, Date.now);
}

const maker = eventMaker();

/** An event that is told apart by its name, and as large as its attribute. */
export function named(name: string, value = ""): Event {
  return maker.make(custom(name, { value }));
}

export function names(events: Iterable<Event>): string[] {
  return [...events].map(({ payload }) => (payload.case === "custom" ? payload.value.name : `${payload.case}`));
}
