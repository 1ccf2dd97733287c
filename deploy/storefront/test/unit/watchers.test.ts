import assert from "node:assert/strict";
import { test } from "node:test";

import { durationMs } from "@bufbuild/protobuf/wkt";

import { FaultKind } from "../../src/gen/rescate/session/v1/event_pb";
import { watchExitIntent } from "../../src/watch/exit";
import { watchPageFaults } from "../../src/watch/faults";
import { fieldName, watchFormErrors } from "../../src/watch/forms";
import { watchIdle } from "../../src/watch/idle";
import { watchSlowPages } from "../../src/watch/slow";
import { browser, eachInBrowser } from "./browser";
import { Watching } from "./watching";

eachInBrowser();

const SCRIPT = "https://shop.example/shop.js";

function mouseLeaves(clientY: number): void {
  browser.fire(browser.document.documentElement, "mouseleave", { clientY });
}

test("a mouse that leaves through the top means to leave, through another side it does not", () => {
  const watching = new Watching();
  watchExitIntent(watching);
  mouseLeaves(300);
  assert.deepEqual(watching.kinds, []);
  mouseLeaves(-1);
  assert.deepEqual(watching.kinds, ["exitIntent"]);
});

test("a hidden tab means to leave, an unloaded page does not", () => {
  const watching = new Watching();
  watchExitIntent(watching);
  watching.isLeaving = true;
  browser.unload();
  assert.deepEqual(watching.kinds, []);
  watching.isLeaving = false;
  browser.show();
  browser.hide();
  assert.deepEqual(watching.kinds, ["exitIntent"]);
});

test("one exit intent is not told twice", async () => {
  const watching = new Watching({ exitIntentQuietMs: 30_000 });
  watchExitIntent(watching);
  mouseLeaves(0);
  browser.hide();
  await browser.pass(29_999);
  mouseLeaves(0);
  assert.equal(watching.told.length, 1);
  await browser.pass(1);
  mouseLeaves(0);
  assert.equal(watching.told.length, 2);
});

async function scrollUp(steps: number[], everyMs: number): Promise<void> {
  for (const y of steps) {
    browser.window.scrollY = y;
    browser.fire(browser.window, "scroll");
    await browser.pass(everyMs);
  }
}

test("a flick back up by a screen means to leave; a slow scroll and a jump by the page do not", async () => {
  const watching = new Watching();
  watchExitIntent(watching);
  await scrollUp([3_000, 2_000, 0], 50);
  assert.deepEqual(watching.kinds, [], "nothing was touched");
  browser.fire(browser.window, "touchmove");
  await scrollUp([3_000, 2_800, 2_600, 2_400, 2_200, 2_000], 100);
  assert.deepEqual(watching.kinds, [], "too slow");
  browser.fire(browser.window, "touchmove");
  await scrollUp([3_000, 2_700, 2_400, 2_100], 50);
  assert.deepEqual(watching.kinds, ["exitIntent"]);
});

test("an idle page is told once, until something happens", async () => {
  const watching = new Watching({ idleAfterMs: 60_000 });
  watchIdle(watching);
  await browser.pass(59_000);
  browser.fire(browser.window, "keydown");
  await browser.pass(59_999);
  assert.deepEqual(watching.kinds, []);
  await browser.pass(1);
  await browser.pass(600_000);
  assert.deepEqual(watching.kinds, ["idle"]);
  browser.fire(browser.window, "pointermove");
  await browser.pass(60_000);
  assert.deepEqual(watching.kinds, ["idle", "idle"]);
});

test("a hidden page is not idle, and one that comes into view begins anew", async () => {
  const watching = new Watching({ idleAfterMs: 60_000 });
  watchIdle(watching);
  browser.hide();
  await browser.pass(600_000);
  browser.show();
  await browser.pass(59_999);
  assert.deepEqual(watching.kinds, []);
  await browser.pass(1);
  assert.deepEqual(watching.kinds, ["idle"]);
});

test("after the stop a page is not idle", async () => {
  const watching = new Watching();
  watchIdle(watching);
  watching.stop.abort();
  await browser.pass(600_000);
  assert.deepEqual(watching.kinds, []);
});

const FORM = {};

function refuse(...fields: object[]): void {
  fields.forEach((target) => browser.fire(browser.document, "invalid", { target }));
}

function fields(watching: Watching): string[] {
  return watching.told.map((payload) => (payload.case === "formError" ? payload.value.field : payload.case));
}

test("a form that is sent in vain is told once, by its first wrong field", async () => {
  const watching = new Watching();
  watchFormErrors(watching);
  browser.fire(browser.document, "click");
  refuse({ name: "email", form: FORM, value: "ana@" }, { name: "address", form: FORM });
  await browser.pass(0);
  browser.fire(browser.document, "keydown", { key: "Enter" });
  refuse({ name: "address", form: FORM });
  assert.deepEqual(fields(watching), ["email", "address"]);
});

test("what a script finds wrong while the shopper types is no refusal", async () => {
  const watching = new Watching();
  watchFormErrors(watching);
  refuse({ name: "email", form: FORM });
  browser.fire(browser.document, "click");
  await browser.pass(1_001);
  browser.fire(browser.document, "keydown", { key: "a" });
  refuse({ name: "email", form: FORM });
  assert.deepEqual(fields(watching), []);
});

test("a field goes by its name, else its id, within the bound", () => {
  assert.equal(fieldName({ name: "email", id: "x" }), "email");
  assert.equal(fieldName({ name: "", id: "x" }), "x");
  assert.equal(fieldName({}), "unnamed");
  assert.equal(fieldName({ name: "ñ".repeat(64) }), "ñ".repeat(32));
});

function throwError(filename: string): void {
  browser.fire(browser.window, "error", { filename, message: "4111 1111 1111 1111", error: new Error("secret") });
}

test("an error of the page is told by its kind alone, and not again soon", async () => {
  const watching = new Watching();
  watchPageFaults(watching);
  throwError(SCRIPT);
  throwError(SCRIPT);
  browser.fire(browser.window, "unhandledrejection", { reason: new Error("secret") });
  assert.deepEqual(watching.told.map(({ case: kind, value }) => [kind, { ...value }]), [
    ["pageFault", { $typeName: "rescate.session.v1.PageFault", kind: FaultKind.ERROR }],
  ]);
  await browser.pass(10_000);
  browser.fire(browser.window, "unhandledrejection", { reason: "secret" });
  assert.equal(watching.told.length, 2);
});

test("errors of extensions, of embedded scripts, of cancelled calls and of the unload are not the page's", () => {
  const watching = new Watching();
  watchPageFaults(watching);
  throwError("");
  throwError("chrome-extension://abc/content.js");
  browser.fire(browser.window, "unhandledrejection", { reason: new DOMException("x", "AbortError") });
  watching.isLeaving = true;
  throwError(SCRIPT);
  assert.deepEqual(watching.kinds, []);
});

test("a page whose content came late is told once, with its time", () => {
  const watching = new Watching({ slowAfterMs: 4_000 });
  watchSlowPages(watching);
  browser.painted(3_999);
  assert.deepEqual(watching.kinds, []);
  browser.painted(4_200.4);
  browser.painted(6_000);
  const [fault, ...more] = watching.told;
  assert.deepEqual(more, []);
  assert.ok(fault?.case === "pageFault" && fault.value.kind === FaultKind.SLOW);
  assert.equal(fault.value.loadTime && durationMs(fault.value.loadTime), 4_200);
});

test("nobody waits for a page that is not in view", () => {
  const watching = new Watching();
  watchSlowPages(watching);
  browser.hide();
  browser.show();
  browser.painted(9_000);
  browser.document.visibilityState = "hidden";
  const hidden = new Watching();
  watchSlowPages(hidden);
  browser.painted(9_000);
  assert.deepEqual([watching.kinds, hidden.kinds], [[], []]);
});
