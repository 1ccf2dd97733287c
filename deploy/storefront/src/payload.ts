/**
 * Payloads of events, made of the shop's words. What the contract cannot hold, such as half a cent, throws here or when
 * the event is encoded; what it can hold is for the suite to judge.
 */

import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";

import type { Payload } from "./event";
import { EventSchema, FaultKind } from "./gen/rescate/session/v1/event_pb";
import { PAGE_KINDS } from "./words";
import type { CartChange, Money, PageKind, Product } from "./words";

type Init = Exclude<NonNullable<MessageInitShape<typeof EventSchema>["payload"]>, { case: undefined }>;

/** A payload of plain values. */
export function payload(init: Init): Payload {
  const { payload } = create(EventSchema, { payload: init });
  if (payload.case === undefined) {
    throw new Error("there is no such event");
  }
  return payload;
}

export function money({ minorUnits, currency }: Money): { minorUnits: bigint; currency: string } {
  return { minorUnits: BigInt(minorUnits), currency };
}

export function pageViewed(kind: PageKind): Payload {
  return payload({ case: "pageViewed", value: { kind: PAGE_KINDS[kind] } });
}

/** A look at a product: its begin without a dwell, its end with one. */
export function productViewed({ sku, price, configurable }: Product, dwellMs?: number): Payload {
  return payload({
    case: "productViewed",
    value: {
      sku,
      ...(price && { price: money(price) }),
      configurable: configurable ?? false,
      ...(dwellMs !== undefined && { dwell: durationFromMs(Math.round(dwellMs)) }),
    },
  });
}

export function cartChanged(change: CartChange): Payload {
  if ("added" in change) {
    const { sku, quantity, unitPrice, configurable, category } = change.added;
    const line = {
      sku,
      quantity,
      unitPrice: money(unitPrice),
      configurable: configurable ?? false,
      ...(category !== undefined && { category }),
    };
    return payload({ case: "cartItemAdded", value: { line } });
  }
  if ("removed" in change) {
    return payload({ case: "cartItemRemoved", value: { sku: change.removed } });
  }
  return payload({ case: "cartItemChanged", value: { sku: change.changed, quantity: change.quantity } });
}

export function formError(field: string): Payload {
  return payload({ case: "formError", value: { field } });
}

export function exitIntent(): Payload {
  return payload({ case: "exitIntent", value: {} });
}

/** The page failed. What the error said stays in the page: it may hold anything. */
export function pageFailed(): Payload {
  return payload({ case: "pageFault", value: { kind: FaultKind.ERROR } });
}

export function pageSlow(loadMs: number): Payload {
  return payload({ case: "pageFault", value: { kind: FaultKind.SLOW, loadTime: durationFromMs(Math.round(loadMs)) } });
}

/** Something that has no event of its own in the contract. */
export function custom(name: string, attributes: Readonly<Record<string, string>>): Payload {
  return payload({
    case: "custom",
    value: { name, attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })) },
  });
}
