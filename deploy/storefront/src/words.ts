/** Words of the shop, as the contract spells them. */

import { CheckoutStep as WireStep, CostKind as WireCost, PageKind as WirePage } from "./gen/rescate/session/v1/event_pb";

/** What a page is for. */
export type PageKind =
  /** Home, category or landing page. */
  | "browse"
  /** Product comparison. */
  | "compare"
  | "cart"
  /** A page of the checkout. */
  | "checkout"
  /** Returns, shipping, security or another policy. */
  | "policy"
  | "order-status"
  | "cancel-order"
  | "other";

/** A step of the checkout, in the usual order; `review` is the last look before the order. */
export type CheckoutStep = "account" | "address" | "delivery" | "payment" | "review";

/** A cost beyond the lines of a cart; `total` is the grand total. */
export type CostKind = "shipping" | "tax" | "total";

/** An amount in minor units of its currency: `{ minorUnits: 1999, currency: "EUR" }` is 19.99 euros. */
export interface Money {
  /** A whole number, never negative. */
  readonly minorUnits: number;
  /** Code of ISO 4217. */
  readonly currency: string;
}

/** A product as the page shows it. */
export interface Product {
  /** Article number of the shop, at most 64 visible ASCII characters. */
  readonly sku: string;
  readonly price?: Money;
  /** Whether the shopper chooses options of it. */
  readonly configurable?: boolean;
}

/** One article of a cart. Margins are for the platform to tell: a browser must not know them. */
export interface CartLine {
  /** Article number of the shop, at most 64 visible ASCII characters. */
  readonly sku: string;
  /** 1 to 10000. */
  readonly quantity: number;
  /** Price of one unit, without tax and shipping. */
  readonly unitPrice: Money;
  /** Whether the shopper chooses options of it. */
  readonly configurable?: boolean;
  /** Category as the shop names it, at most 128 bytes. */
  readonly category?: string;
}

/** What the shopper did to the cart. */
export type CartChange =
  /** Adding a product that is there raises its quantity. */
  | { readonly added: CartLine }
  /** The sku that is gone. */
  | { readonly removed: string }
  /** The sku whose quantity is now another. */
  | { readonly changed: string; readonly quantity: number };

export const PAGE_KINDS: Readonly<Record<PageKind, WirePage>> = {
  browse: WirePage.BROWSE,
  compare: WirePage.COMPARE,
  cart: WirePage.CART,
  checkout: WirePage.CHECKOUT,
  policy: WirePage.POLICY,
  "order-status": WirePage.ORDER_STATUS,
  "cancel-order": WirePage.CANCEL_ORDER,
  other: WirePage.OTHER,
};

export const CHECKOUT_STEPS: Readonly<Record<CheckoutStep, WireStep>> = {
  account: WireStep.ACCOUNT,
  address: WireStep.ADDRESS,
  delivery: WireStep.DELIVERY,
  payment: WireStep.PAYMENT,
  review: WireStep.REVIEW,
};

export const COST_KINDS: Readonly<Record<CostKind, WireCost>> = {
  shipping: WireCost.SHIPPING,
  tax: WireCost.TAX,
  total: WireCost.TOTAL,
};
