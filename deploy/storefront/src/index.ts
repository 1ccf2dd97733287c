export { start } from "./storefront";
export type { Storefront } from "./storefront";
export type { Options, Watched } from "./options";
export type { Problem } from "./problem";
export type { EventName } from "./event";
export type { CartChange, CartLine, CheckoutStep, CostKind, Money, PageKind, Product } from "./words";
