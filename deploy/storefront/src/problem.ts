import type { EventName } from "./event";

/** Something that did not go as the shop wants; for its developers, never for a shopper. */
export type Problem =
  /** The suite refused an event, or a whole batch (then without a field). It is dropped. */
  | { what: "refused"; event: EventName; field: string; reason: string }
  /** The shop told something that the contract cannot hold, such as half a cent. It is dropped. */
  | { what: "invalid"; error: unknown }
  /** More events waited than the tag keeps. The oldest was dropped. */
  | { what: "overflow"; event: EventName }
  /** No token came. Nothing is sent; the tag asks again later. */
  | { what: "token"; error: unknown }
  /** A fault of the tag. The page goes on without the one observation. */
  | { what: "internal"; error: unknown };
