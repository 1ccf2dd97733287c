/** A visitor of the demo shop: a fresh browser profile and session, and what became of what was told of them. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import type { Browser, BrowserContext, Page } from "playwright-core";

import type { Config, Shop } from "../../demo/server";
import type { Event } from "../../src/event";
import type { Session } from "../gen/rescate/session/v1/session_tracking_service_pb";
import { eventually } from "./environment";
import type { Relay } from "./relay";
import type { Suite } from "./suite";

/** The stage that all visitors share, one after the other. */
export interface Stage {
  readonly browser: Browser;
  readonly shop: Shop;
  readonly relay: Relay;
  readonly suite: Suite;
}

/** Kinds of events with their numbers; custom ones under their own names. */
export type Counts = Readonly<Record<string, number>>;

export class Visitor {
  readonly session = `ses_${randomUUID()}`;
  readonly id = `vis_${randomUUID()}`;
  readonly #stage: Stage;
  readonly #context: BrowserContext;

  private constructor(stage: Stage, context: BrowserContext) {
    this.#stage = stage;
    this.#context = context;
  }

  /** Comes with a token and these options of the tag. A slow machine is not the shop's fault: no page is slow. */
  static async come(stage: Stage, options: Config = {}): Promise<Visitor> {
    const context = await stage.browser.newContext({ locale: "en-GB", timezoneId: "Europe/Madrid" });
    const visitor = new Visitor(stage, context);
    const { shop, relay, suite } = stage;
    relay.reset(suite.sessions);
    shop.config = {
      endpoint: relay.uri,
      session: visitor.session,
      visitor: visitor.id,
      token: await suite.storefrontToken(visitor.session),
      batchDelayMs: 200,
      slowAfterMs: 600_000,
      ...options,
    };
    return visitor;
  }

  get context(): BrowserContext {
    return this.#context;
  }

  /** Opens a page of the shop. */
  async open(path: string): Promise<Page> {
    const page = await this.#context.newPage();
    await page.goto(`${this.#stage.shop.origin}${path}`);
    return page;
  }

  /** What was sent, each event once. */
  get told(): Event[] {
    return [...new Map(this.#stage.relay.events.map((event) => [event.eventId, event])).values()];
  }

  get counts(): Counts {
    const counts: Record<string, number> = {};
    for (const { payload } of this.told) {
      const name = payload.case === "custom" ? payload.value.name : `${payload.case}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  /** Waits until what was sent is this, and the suite has as many events; then nothing more of it may be on its way. */
  async sessionAfter(expected: Counts): Promise<Session> {
    const sum = Object.values(expected).reduce((sum, count) => sum + count, 0);
    const { counts, session } = await eventually(
      async () => ({ session: await this.#stage.suite.session(this.session), counts: this.counts }),
      ({ session }) => (session?.eventCount ?? 0) >= sum,
    );
    assert.deepEqual(counts, expected);
    assert.ok(session);
    assert.equal(session.eventCount, sum);
    return session;
  }

  /** Closes a tab as a visitor does. */
  async close(page: Page): Promise<void> {
    const closed = page.waitForEvent("close");
    await page.close({ runBeforeUnload: true });
    await closed;
  }

  /** Goes for good. */
  async leave(): Promise<void> {
    await this.#context.close();
  }
}
