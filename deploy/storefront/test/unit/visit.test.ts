import assert from "node:assert/strict";
import { test } from "node:test";

import { durationMs } from "@bufbuild/protobuf/wkt";

import type { Payload } from "../../src/event";
import { PageKind } from "../../src/gen/rescate/session/v1/event_pb";
import type { Options } from "../../src/options";
import { Visit } from "../../src/watch/visit";
import { browser, eachInBrowser } from "./browser";
import { Watching } from "./watching";

eachInBrowser();

const LAMP = { sku: "LAMP-1", configurable: true };

/** A visit that has begun, with the pages of what was told. */
class Stage {
  readonly watching: Watching;
  readonly maker = { page: "" };
  readonly pages: string[] = [];
  readonly visit: Visit;

  constructor(options: Partial<Options> = {}) {
    this.watching = new Watching(options);
    const tell = this.watching.tell.bind(this.watching);
    this.watching.tell = (payload) => {
      tell(payload);
      this.pages.push(this.maker.page);
    };
    this.visit = new Visit(this.watching, this.maker);
    this.visit.begin();
  }

  /** Kinds and pages of what was told. */
  get told(): string[] {
    return this.watching.kinds.map((kind, index) => `${kind} ${this.pages[index]}`);
  }

  get dwells(): (number | string | undefined)[] {
    return this.watching.told.filter(({ case: kind }) => kind !== "pageViewed").map(dwell);
  }
}

function dwell(payload: Payload): number | string | undefined {
  if (payload.case === "productViewed") {
    return payload.value.dwell && durationMs(payload.value.dwell);
  }
  return payload.case === "custom" ? payload.value.attributes[0]?.value : undefined;
}

test("a page is told when it is entered, and its dwell when it is left", async () => {
  const stage = new Stage({ pageKind: () => "cart" });
  await browser.pass(1_500);
  browser.unload();
  assert.deepEqual(stage.told, ["pageViewed /", "page_dwell /"]);
  assert.deepEqual(stage.dwells, ["1500"]);
  const [view] = stage.watching.told;
  assert.ok(view?.case === "pageViewed" && view.value.kind === PageKind.CART);
});

test("a new path is another page, another query is not", async () => {
  const stage = new Stage();
  history.pushState(null, "", "/cart");
  history.replaceState(null, "", "/cart?step=2");
  browser.location.pathname = "/";
  browser.fire(browser.window, "popstate");
  assert.deepEqual(stage.told, ["pageViewed /", "page_dwell /", "pageViewed /cart", "page_dwell /cart", "pageViewed /"]);
});

test("only visible time counts", async () => {
  const stage = new Stage();
  await browser.pass(1_000);
  browser.hide();
  await browser.pass(60_000);
  browser.show();
  await browser.pass(500);
  stage.visit.leave();
  assert.deepEqual(stage.dwells, ["1500"]);
});

test("a page in the background is not told until it is looked at", async () => {
  browser.document.visibilityState = "hidden";
  const stage = new Stage();
  stage.visit.viewedProduct(LAMP);
  await browser.pass(60_000);
  assert.deepEqual(stage.told, []);
  browser.show();
  assert.deepEqual(stage.watching.kinds, ["pageViewed", "productViewed"]);
  await browser.pass(700);
  browser.unload();
  assert.deepEqual(stage.dwells, [undefined, 700]);
});

test("a page that is never looked at leaves no trace", () => {
  browser.document.visibilityState = "hidden";
  const stage = new Stage();
  browser.unload();
  assert.deepEqual(stage.told, []);
});

test("a product is told on entry and with its dwell on leaving", async () => {
  const stage = new Stage({ pageKind: () => null });
  await browser.pass(200);
  stage.visit.viewedProduct(LAMP);
  await browser.pass(800);
  browser.unload();
  assert.deepEqual(stage.watching.kinds, ["productViewed", "productViewed"]);
  assert.deepEqual(stage.dwells, [undefined, 800]);
});

test("a second product on the page ends the look at the first", async () => {
  const stage = new Stage({ pageKind: () => null });
  stage.visit.viewedProduct(LAMP);
  await browser.pass(300);
  stage.visit.viewedProduct({ sku: "LAMP-2" });
  await browser.pass(400);
  browser.unload();
  const skus = stage.watching.told.map((payload) => payload.case === "productViewed" && payload.value.sku);
  assert.deepEqual(skus, ["LAMP-1", "LAMP-1", "LAMP-2", "LAMP-2"]);
  assert.deepEqual(stage.dwells, [undefined, 300, undefined, 400]);
});

test("a page that comes back from the browser's cache is viewed again, with its product", async () => {
  const stage = new Stage({ pageKind: () => null });
  stage.visit.viewedProduct(LAMP);
  browser.unload();
  await browser.pass(60_000);
  browser.document.visibilityState = "visible";
  browser.fire(browser.window, "pageshow", { persisted: true });
  browser.fire(browser.document, "visibilitychange");
  await browser.pass(250);
  browser.unload();
  assert.deepEqual(stage.dwells, [undefined, 0, undefined, 250]);
});

test("the shop may name its pages, and leave views or dwell out", () => {
  const stage = new Stage({ pageName: () => "account", watch: { dwell: false } });
  const other = new Stage({ watch: { views: false } });
  browser.unload();
  assert.deepEqual(stage.told, ["pageViewed account"]);
  assert.deepEqual(other.watching.kinds, ["page_dwell"]);
});

test("after the stop the history is the browser's own again", () => {
  const { pushState, replaceState } = history;
  const stage = new Stage();
  assert.notEqual(history.pushState, pushState);
  stage.watching.stop.abort();
  assert.equal(history.pushState, pushState);
  assert.equal(history.replaceState, replaceState);
});

test("a wrapper of somebody else stays, and ours in it does nothing after the stop", () => {
  const stage = new Stage();
  const ours = history.pushState;
  const theirs: History["pushState"] = (...change) => ours.apply(history, change);
  history.pushState = theirs;
  stage.watching.stop.abort();
  assert.equal(history.pushState, theirs);
  history.pushState(null, "", "/cart");
  assert.deepEqual(stage.told, ["pageViewed /"]);
});

test("a fault of the shop's own function does not reach the shop's navigation", () => {
  let faulty = false;
  const pageKind = (): "browse" => {
    if (faulty) {
      throw new Error("shop");
    }
    return "browse";
  };
  const stage = new Stage({ pageKind });
  faulty = true;
  history.pushState(null, "", "/cart");
  assert.equal(browser.location.pathname, "/cart");
  assert.equal(stage.watching.problems.length, 1);
});
