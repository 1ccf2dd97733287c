import assert from "node:assert/strict";
import { test } from "node:test";

import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";

import type { Event } from "../../src/event";
import { CheckoutStep, CostKind } from "../../src/gen/rescate/session/v1/event_pb";
import { RecordEventsRequestSchema } from "../../src/gen/rescate/session/v1/session_tracking_service_pb";
import { start } from "../../src/index";
import type { Options, Problem, Storefront } from "../../src/index";
import { Keeper } from "../../src/keeper";
import { browser, eachInBrowser, settled } from "./browser";
import { named, names, SESSION, VISITOR } from "./events";
import { OPTIONS } from "./watching";

eachInBrowser();

const QUIET = { views: false, dwell: false, idle: false, exitIntent: false, formErrors: false, pageFaults: false, slowPages: false };
const EUROS = { minorUnits: 1_999, currency: "EUR" };

/** A tag on a page whose network takes what is sent and never answers. */
class Stage {
  readonly problems: Problem[] = [];
  readonly sent: Event[][] = [];
  readonly tag: Storefront;

  constructor(options: Partial<Options> = {}) {
    browser.fetch = (_url, request) => {
      this.sent.push(fromBinary(RecordEventsRequestSchema, (request?.body as Uint8Array).subarray(5)).events);
      return new Promise(() => {});
    };
    this.tag = start({ ...OPTIONS, onProblem: (problem) => this.problems.push(problem), ...options });
  }

  get told(): Event[] {
    return this.sent.flat();
  }
}

test("each call of the shop is the event of the contract", async () => {
  const stage = new Stage({ watch: QUIET });
  const { tag } = stage;
  tag.viewedPage("policy");
  tag.configuredProduct("LAMP-1");
  tag.searched(3);
  tag.cartChanged({ added: { sku: "LAMP-1", quantity: 2, unitPrice: EUROS, configurable: true, category: "Lamps" } });
  tag.cartChanged({ changed: "LAMP-1", quantity: 3 });
  tag.cartChanged({ removed: "LAMP-1" });
  tag.checkoutStepEntered("review");
  tag.costShown("tax", EUROS);
  tag.couponApplied(EUROS);
  tag.couponRejected("expired");
  tag.paymentAttempted("card");
  tag.paymentDeclined("card", "funds");
  tag.formRefused("zip");
  tag.addressEdited();
  tag.helpOpened();
  tag.faqViewed("returns");
  tag.noted("size-guide", { size: "m" });
  await browser.pass(1_000);
  assert.deepEqual(stage.problems, []);
  const kinds = stage.told.map(({ payload }) => payload.case);
  assert.deepEqual(kinds, [
    "pageViewed",
    "productConfigured",
    "searchPerformed",
    "cartItemAdded",
    "cartItemChanged",
    "cartItemRemoved",
    "checkoutStepEntered",
    "costRevealed",
    "couponApplied",
    "couponRejected",
    "paymentAttempted",
    "paymentDeclined",
    "formError",
    "addressEdited",
    "helpOpened",
    "faqViewed",
    "custom",
  ]);
  const added = stage.told[3]?.payload;
  assert.ok(added?.case === "cartItemAdded");
  assert.equal(added.value.line?.unitPrice?.minorUnits, 1_999n);
  assert.equal(added.value.line?.unitMargin, undefined);
  assert.equal(added.value.line?.category, "Lamps");
  const [step, cost] = stage.told.slice(6).map(({ payload }) => payload);
  assert.ok(step?.case === "checkoutStepEntered" && step.value.step === CheckoutStep.REVIEW);
  assert.ok(cost?.case === "costRevealed" && cost.value.kind === CostKind.TAX);
});

test("an event says who, when, where and in which language", async () => {
  const stage = new Stage({ now: () => 1_799_999_999_000.5, timeZone: "Europe/Madrid", pageKind: () => "cart" });
  browser.location.pathname = "/cart";
  history.pushState(null, "", "/checkout?mail=a@b.c");
  await browser.pass(1_000);
  const event = stage.told.at(-1);
  assert.equal(event?.sessionId, SESSION);
  assert.equal(event?.visitorId, VISITOR);
  assert.equal(event?.page, "/checkout");
  assert.equal(event?.timeZone, "Europe/Madrid");
  assert.equal(event?.language, "en");
  assert.equal(event?.occurredAt && timestampMs(event.occurredAt), 1_799_999_999_000);
});

test("half a cent, a quantity that is no number and a failing clock are reported and not thrown", async () => {
  const stage = new Stage({ watch: QUIET });
  stage.tag.costShown("tax", { minorUnits: 0.5, currency: "EUR" });
  stage.tag.cartChanged({ changed: "LAMP-1", quantity: Number.NaN });
  stage.tag.searched(-1);
  await browser.pass(1_000);
  assert.deepEqual(stage.problems.map(({ what }) => what), ["invalid", "invalid", "invalid"]);
  assert.deepEqual(stage.told, []);
});

test("a page that is left sends its dwell with the rest, and keeps it for the next page", async () => {
  const stage = new Stage();
  await browser.pass(500);
  stage.tag.helpOpened();
  browser.unload();
  assert.deepEqual(stage.sent.map(names), [["pageViewed", "helpOpened", "page_dwell"]]);
  assert.deepEqual(names(new Keeper(SESSION).take()), ["pageViewed", "helpOpened", "page_dwell"]);
});

test("a page sends what the one before it kept", async () => {
  new Keeper(SESSION).keep([named("earlier")]);
  const stage = new Stage();
  await browser.pass(1_000);
  assert.deepEqual(names(stage.told), ["earlier", "pageViewed"]);
});

test("a hidden page sends its exit intent at once", async () => {
  const stage = new Stage();
  await settled();
  browser.hide();
  assert.deepEqual(names(stage.told), ["pageViewed", "exitIntent"]);
});

test("after the stop nothing is watched, sent or kept", async () => {
  const stage = new Stage();
  stage.tag.helpOpened();
  stage.tag.stop();
  stage.tag.stop();
  stage.tag.helpOpened();
  stage.tag.viewedProduct({ sku: "LAMP-1" });
  browser.hide();
  browser.fire(browser.window, "pagehide");
  await browser.pass(600_000);
  assert.deepEqual(stage.told, []);
  assert.equal(browser.sessionStorage.items.size, 0);
  assert.deepEqual(stage.problems, []);
});

test("a page that comes back from the browser's cache goes on as one that is seen", async () => {
  const stage = new Stage();
  await settled();
  browser.fire(browser.window, "pagehide");
  browser.fire(browser.window, "pageshow", { persisted: true });
  assert.equal(browser.sessionStorage.items.size, 0);
  browser.hide();
  assert.deepEqual(names(stage.told), ["pageViewed", "page_dwell", "pageViewed", "exitIntent"]);
});

test("what a hidden page kept is forgotten at the stop", () => {
  const stage = new Stage();
  browser.hide();
  assert.equal(browser.sessionStorage.items.size, 1);
  stage.tag.stop();
  assert.equal(browser.sessionStorage.items.size, 0);
});

test("a browser that is online again does not wait out the failures before", async () => {
  const stage = new Stage({ watch: { ...QUIET, views: true } });
  let calls = 0;
  browser.fetch = () => {
    calls += 1;
    return Promise.reject(new TypeError("no network"));
  };
  for (const wait of [1_000, 1_000, 2_000, 4_000, 8_000]) {
    await browser.pass(wait);
  }
  assert.equal(calls, 5);
  browser.fire(browser.window, "online");
  await browser.pass(1_000);
  assert.equal(calls, 6);
  stage.tag.stop();
});

test("a tag that cannot start leaves a handle that does nothing", async () => {
  const failing = (): never => {
    throw new Error("shop");
  };
  const stage = new Stage({ pageName: failing });
  stage.tag.stop();
  const broken = start(undefined as unknown as Options);
  broken.helpOpened();
  broken.viewedProduct({ sku: "LAMP-1" });
  broken.stop();
  assert.deepEqual(stage.problems.map(({ what }) => what), ["internal"]);
});

test("a shop's callback that throws is the shop's own trouble", async () => {
  const stage = new Stage({
    watch: QUIET,
    onProblem: () => {
      throw new Error("shop");
    },
  });
  stage.tag.searched(-1);
  await browser.pass(1_000);
});
