/** A visitor in a real browser, a suite that runs: what the visitor did is what GetSession shows. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";
import type { Page } from "playwright-core";

import type { Config } from "../../demo/server";
import { Shop } from "../../demo/server";
import { RiskPhase, SignalKind } from "../gen/rescate/cause/v1/cause_pb";
import { SessionState } from "../gen/rescate/session/v1/session_tracking_service_pb";
import type { Session } from "../gen/rescate/session/v1/session_tracking_service_pb";
import { eventually, required } from "./environment";
import { Relay } from "./relay";
import { Suite } from "./suite";
import { Visitor } from "./visitor";
import type { Stage } from "./visitor";

const QUIET_BROWSER = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Longer than a busy machine takes, in milliseconds: what takes longer waits for something that will not come. */
const PATIENCE = { timeout: 60_000 };

let stage: Stage;

before(async () => {
  // By default a signal ends the process without its exit handlers, and what they would end is left behind.
  process.once("SIGTERM", () => process.exit(143));
  const [shop, relay] = await Promise.all([Shop.open(), Relay.open()]);
  const [suite, browser] = await Promise.all([
    Suite.start(shop.origin),
    chromium.launch({ executablePath: required("RESCATE_CHROMIUM"), args: QUIET_BROWSER }),
  ]);
  stage = { shop, relay, suite, browser };
}, PATIENCE);

after(async () => {
  await stage?.browser.close();
  await Promise.all([stage?.suite.stop(), stage?.shop.close(), stage?.relay.close()]);
}, PATIENCE);

/** A test with a visitor of its own, whose pages start the tag with these options. */
function visit(name: string, options: Config, act: (visitor: Visitor) => Promise<void>): void {
  test(name, PATIENCE, async () => {
    const visitor = await Visitor.come(stage, options);
    try {
      await act(visitor);
    } finally {
      await visitor.leave();
    }
  });
}

/** Follows a link, and waits until the tag has started on the page behind it. */
async function follow(page: Page, link: string): Promise<void> {
  await Promise.all([page.waitForEvent("load"), page.click(link)]);
}

/** The mouse leaves the page through its top. */
async function leaveThroughTop(page: Page): Promise<void> {
  await page.mouse.move(300, 200);
  await page.mouse.move(300, -10);
}

function signals(session: Session): Record<string, number> {
  return Object.fromEntries(session.signals.map(({ kind, count }) => [SignalKind[kind], count]));
}

function lines(session: Session): unknown[] {
  const lines = session.cart?.lines ?? [];
  return lines.map(({ sku, quantity, unitPrice }) => [sku, quantity, unitPrice?.minorUnits, unitPrice?.currency]);
}

/** What was typed, what followed the path, and what the error said stayed in the page. */
function nothingPersonalWasSent(): void {
  const sent = Buffer.concat(stage.relay.bodies).toString("latin1");
  for (const secret of ["Ana", "Secreta", "example.com", "Privada", "utm_", "4111", "cannot charge"]) {
    assert.ok(!sent.includes(secret), `${secret} left the page`);
  }
}

visit("what a visitor did is what the session shows", {}, async (visitor) => {
  const page = await visitor.open("/?utm_email=ana@example.com");
  await page.click("text=Desk");
  await follow(page, "text=Reading lamp");
  await page.selectOption("#shade", "Brass");
  await page.click("#add");
  await follow(page, "text=Cart");
  await follow(page, "text=Check out");
  await page.click("text=Go to delivery");
  await page.fill("[name=name]", "Ana Secreta");
  await page.click("text=Go to delivery");
  await page.fill("[name=email]", "ana@example.com");
  await page.fill("[name=address]", "Calle Privada 7");
  await page.click("text=Go to delivery");
  await page.waitForSelector("#delivery:visible");
  await leaveThroughTop(page);
  await page.click("#pay");
  await visitor.close(page);

  const session = await visitor.sessionAfter({
    pageViewed: 4,
    page_dwell: 4,
    productViewed: 2,
    productConfigured: 1,
    cartItemAdded: 1,
    checkoutStepEntered: 2,
    formError: 2,
    costRevealed: 1,
    exitIntent: 1,
    pageFault: 1,
  });
  assert.deepEqual(signals(session), { FORM_RETRY: 1, SHIPPING_SHOCK: 1, EXIT_INTENT: 1, PAGE_FAULT: 1 });
  assert.deepEqual(lines(session), [["LAMP-1", 1, 12900n, "EUR"]]);
  assert.equal(session.cart?.shipping?.minorUnits, 1490n);
  assert.equal(session.visitorId, visitor.id);
  assert.equal(session.page, "/checkout");
  assert.equal(session.timeZone, "Europe/Madrid");
  assert.equal(session.language, "en");
  assert.equal(session.phase, RiskPhase.TRANSACTIONAL_FRICTION);
  assert.equal(session.state, SessionState.ACTIVE);
  nothingPersonalWasSent();
});

visit("a tab that is closed before anything was sent still tells", { batchDelayMs: 60_000 }, async (visitor) => {
  // Long after the page is gone its call is still on the way.
  stage.relay.weather = "slow";
  const page = await visitor.open("/product/LAMP-2");
  await page.click("#add");
  assert.deepEqual(visitor.counts, {});
  await visitor.close(page);
  const session = await visitor.sessionAfter({ productViewed: 2, cartItemAdded: 1 });
  assert.deepEqual(lines(session), [["LAMP-2", 1, 24900n, "EUR"]]);
});

visit("an offline spell loses nothing and doubles nothing", {}, async (visitor) => {
  const page = await visitor.open("/product/LAMP-1");
  await eventually(() => visitor.counts, ({ productViewed }) => productViewed === 1);
  const failed = page.waitForEvent("requestfailed");
  await visitor.context.setOffline(true);
  await page.click("#add");
  await page.click("#add");
  assert.match((await failed).url(), /RecordEvents$/);
  await visitor.context.setOffline(false);
  await eventually(() => visitor.counts, ({ cartItemAdded }) => cartItemAdded === 2);
  await visitor.close(page);
  const session = await visitor.sessionAfter({ productViewed: 2, cartItemAdded: 2 });
  assert.deepEqual(lines(session), [["LAMP-1", 2, 12900n, "EUR"]]);
});

visit("an event whose answer is lost is sent again and counts once", {}, async (visitor) => {
  stage.relay.weather = "answers-lost";
  const page = await visitor.open("/product/LAMP-1");
  await page.click("#add");
  const added = () => stage.relay.events.filter(({ payload }) => payload.case === "cartItemAdded").length;
  await eventually(added, (times) => times >= 2);
  stage.relay.weather = "fair";
  await visitor.close(page);
  const session = await visitor.sessionAfter({ productViewed: 2, cartItemAdded: 1 });
  assert.deepEqual(lines(session), [["LAMP-1", 1, 12900n, "EUR"]]);
});

visit("what a page could not send is sent by the next one", {}, async (visitor) => {
  stage.relay.weather = "down";
  const page = await visitor.open("/product/LAMP-1");
  await page.click("#add");
  await follow(page, "text=Cart");
  assert.equal(await stage.suite.session(visitor.session), undefined);
  stage.relay.weather = "fair";
  const session = await visitor.sessionAfter({ productViewed: 2, cartItemAdded: 1, pageViewed: 1 });
  assert.deepEqual(lines(session), [["LAMP-1", 1, 12900n, "EUR"]]);
});

visit("a refused event is dropped and told to the shop, and the others are kept", {}, async (visitor) => {
  const page = await visitor.open("/rooms/4111111111111111");
  await page.click("text=Desk");
  const session = await eventually(() => stage.suite.session(visitor.session), (session) => session?.eventCount === 1);
  assert.equal(session?.page, "/rooms/desk");
  await page.waitForFunction("problems.length === 2");
  assert.deepEqual(await page.evaluate("problems"), ["refused pageViewed CARD_DATA", "refused custom CARD_DATA"]);
});

visit("a time zone that the suite does not know costs nothing but itself", { timeZone: "Mars/Olympus" }, async (visitor) => {
  await visitor.open("/cart");
  const session = await visitor.sessionAfter({ pageViewed: 1 });
  assert.equal(session.timeZone, "");
});

visit("without a token nothing is sent and the shop works", { token: null }, async (visitor) => {
  const errors: Error[] = [];
  visitor.context.on("weberror", (error) => errors.push(error.error()));
  const page = await visitor.open("/product/LAMP-1");
  await page.click("#add");
  await page.waitForSelector("text=1 in your cart");
  await page.waitForFunction("problems.length > 0");
  assert.match(`${await page.evaluate("problems[0]")}`, /^token /);
  assert.deepEqual(stage.relay.bodies, []);
  assert.deepEqual(errors, []);
});

visit("an idle page is told once for each pause", { idleAfterMs: 300 }, async (visitor) => {
  const page = await visitor.open("/returns");
  await eventually(() => visitor.counts, ({ idle }) => idle === 1);
  await page.mouse.move(100, 100);
  await visitor.sessionAfter({ pageViewed: 1, idle: 2 });
});

visit("a page that takes too long is told as slow, with its time", { slowAfterMs: 3_000 }, async (visitor) => {
  // Longer than what the suite holds for slow, too.
  await visitor.context.route("**/*", async (route) => {
    if (route.request().resourceType() === "document") {
      await new Promise((resolve) => setTimeout(resolve, 3_200));
    }
    await route.continue();
  });
  await visitor.open("/");
  const session = await visitor.sessionAfter({ pageViewed: 1, pageFault: 1 });
  assert.deepEqual(signals(session), { SLOW_PAGE: 1 });
  const fault = visitor.told.find(({ payload }) => payload.case === "pageFault")?.payload;
  assert.ok(fault?.case === "pageFault" && (fault.value.loadTime?.seconds ?? 0n) >= 3n);
});
