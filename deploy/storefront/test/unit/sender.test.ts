import assert from "node:assert/strict";
import { mock, test } from "node:test";

import type { Answer } from "../../src/call";
import type { Event } from "../../src/event";
import { Keeper } from "../../src/keeper";
import { Outbox } from "../../src/outbox";
import type { Problem } from "../../src/problem";
import { Sender } from "../../src/sender";
import { Tokens } from "../../src/tokens";
import { browser, eachInBrowser } from "./browser";
import { eventMaker, named, names, SESSION } from "./events";

eachInBrowser();

const PACE = { batch: { events: 3, bytes: 100_000 }, batchDelayMs: 1_000, retryMs: 1_000, maxRetryMs: 8_000 };
const TAKEN: Answer = { is: "taken", refused: [] };
const LATER: Answer = { is: "later", afterMs: 0 };

/** A sender, and the calls that it makes. */
class Stage {
  readonly calls: { events: Event[]; token: string; at: number; answer: (answer: Answer) => void }[] = [];
  readonly problems: Problem[] = [];
  readonly keeper = new Keeper(SESSION);
  readonly outbox = new Outbox({ events: 5, bytes: 100_000 });
  readonly stop = new AbortController();
  token: () => Promise<string> = async () => "token";
  readonly #call = (events: Event[], token: string): Promise<Answer> =>
    new Promise((answer) => this.calls.push({ events, token, at: performance.now(), answer }));
  readonly sender = new Sender(
    {
      outbox: this.outbox,
      keeper: this.keeper,
      tokens: new Tokens(() => this.token()),
      call: this.#call,
      maker: eventMaker(),
      report: (problem) => this.problems.push(problem),
    },
    PACE,
    this.stop.signal,
  );

  offer(...events: string[]): void {
    events.forEach((name) => this.sender.offer(named(name)));
  }

  /** What was sent, call by call. */
  get sent(): string[][] {
    return this.calls.map(({ events }) => names(events));
  }

  /** Answers the last call, and lets time pass. */
  async answer(answer: Answer, thenMs = 0): Promise<void> {
    this.calls.at(-1)?.answer(answer);
    await browser.pass(thenMs);
  }

  get unsent(): string[] {
    return names(this.outbox.all());
  }
}

test("an event waits for others to go with it, and no longer", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(600);
  stage.offer("b");
  await browser.pass(399);
  assert.deepEqual(stage.sent, []);
  await browser.pass(1);
  assert.deepEqual(stage.sent, [["a", "b"]]);
});

test("a full batch does not wait, and the next one does until the first is answered", async () => {
  const stage = new Stage();
  stage.offer("a", "b", "c", "d");
  await browser.pass(0);
  assert.deepEqual(stage.sent, [["a", "b", "c"]]);
  await browser.pass(60_000);
  assert.deepEqual(stage.sent, [["a", "b", "c"]]);
  await stage.answer(TAKEN, 1_000);
  assert.deepEqual(stage.sent, [["a", "b", "c"], ["d"]]);
  await stage.answer(TAKEN, 60_000);
  assert.deepEqual(stage.unsent, []);
  assert.equal(stage.calls.length, 2);
});

test("what may not have arrived is sent again, under the same id, after waits that double up to a limit", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  const waits = [1_000, 2_000, 4_000, 8_000, 8_000];
  for (const [failures, wait] of waits.entries()) {
    await stage.answer(LATER, wait - 1);
    assert.equal(stage.calls.length, failures + 1);
    await browser.pass(1);
    assert.equal(stage.calls.length, failures + 2);
  }
  assert.equal(new Set(stage.calls.map(({ events }) => events[0]?.eventId)).size, 1);
});

test("pages that failed together do not come back together", async () => {
  mock.method(Math, "random", () => 0);
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  await stage.answer(LATER, 1_000);
  await stage.answer(LATER, 1_000);
  assert.equal(stage.calls.length, 3);
});

test("a wait that the suite asks for is kept, also when more is told", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  await stage.answer({ is: "later", afterMs: 5_000 });
  stage.offer("b", "c");
  await browser.pass(5_999);
  assert.equal(stage.calls.length, 1);
  await browser.pass(1);
  assert.deepEqual(stage.sent.at(-1), ["a", "b", "c"]);
});

test("a success makes the next failure wait briefly again", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  await stage.answer(LATER, 1_000);
  await stage.answer(LATER, 2_000);
  await stage.answer(TAKEN);
  stage.offer("b");
  await browser.pass(1_000);
  await stage.answer(LATER, 1_000);
  assert.deepEqual(stage.sent.slice(3), [["b"], ["b"]]);
});

test("back online it does not wait out a failure", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  await stage.answer({ is: "later", afterMs: 3_600_000 });
  stage.sender.hurry();
  await browser.pass(1_000);
  assert.equal(stage.calls.length, 2);
});

test("refused events are dropped and reported, the others are done", async () => {
  const stage = new Stage();
  stage.offer("a", "b");
  await browser.pass(1_000);
  const [, second] = stage.calls[0]!.events;
  await stage.answer({ is: "taken", refused: [{ event: second!, field: "page", reason: "CARD_DATA" }] }, 60_000);
  assert.deepEqual(stage.unsent, []);
  assert.deepEqual(stage.problems, [{ what: "refused", event: "custom", field: "page", reason: "CARD_DATA" }]);
});

test("an event refused for its time zone or language alone goes again without it", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  const [event] = stage.calls[0]!.events;
  await stage.answer({ is: "taken", refused: [{ event: event!, field: "time_zone", reason: "UNKNOWN_ZONE" }] }, 1_000);
  const [again] = stage.calls[1]!.events;
  assert.equal(again?.eventId, event?.eventId);
  assert.equal(again?.timeZone, "");
  assert.equal(again?.language, "es");
  await stage.answer({ is: "taken", refused: [{ event: again!, field: "time_zone", reason: "UNKNOWN_ZONE" }] }, 60_000);
  assert.equal(stage.calls.length, 2);
  assert.equal(stage.problems.length, 1);
});

test("a batch that is refused as a whole is not sent again", async () => {
  const stage = new Stage();
  stage.offer("a", "b");
  await browser.pass(1_000);
  await stage.answer({ is: "refused", reason: "PermissionDenied" }, 60_000);
  assert.equal(stage.calls.length, 1);
  assert.deepEqual(stage.unsent, []);
  assert.equal(stage.problems.length, 2);
});

test("a token that has ended is replaced", async () => {
  const stage = new Stage();
  const tokens = ["old", "new"];
  stage.token = async () => tokens.shift() ?? "none";
  stage.offer("a");
  await browser.pass(1_000);
  await stage.answer({ is: "unauthenticated" }, 1_000);
  assert.deepEqual(stage.calls.map(({ token }) => token), ["old", "new"]);
});

test("without a token nothing is sent, and what waits goes when there is one", async () => {
  const stage = new Stage();
  stage.token = () => Promise.reject(new Error("no token"));
  stage.offer("a");
  await browser.pass(1_000);
  await browser.pass(1_000);
  assert.deepEqual(stage.calls, []);
  assert.equal(stage.problems.length, 2);
  stage.token = async () => "token";
  await browser.pass(2_000);
  assert.deepEqual(stage.sent, [["a"]]);
});

test("past the bound the oldest event is dropped and reported", async () => {
  const stage = new Stage();
  stage.token = () => new Promise(() => {});
  stage.offer("a", "b", "c", "d", "e", "f");
  assert.deepEqual(stage.unsent, ["b", "c", "d", "e", "f"]);
  assert.deepEqual(stage.problems, [{ what: "overflow", event: "custom" }]);
});

test("a page that is left sends at once what is not on its way, and keeps all of it", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  stage.offer("b");
  stage.sender.leave();
  assert.deepEqual(stage.sent, [["a"], ["b"]]);
  stage.sender.leave();
  assert.equal(stage.calls.length, 2);
  assert.deepEqual(names(new Keeper(SESSION).take()), ["a", "b"]);
});

test("a page that is left sends no more than a batch, and keeps the rest", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  await stage.answer(TAKEN);
  stage.offer("b", "c", "d", "e");
  stage.sender.leave();
  assert.deepEqual(stage.sent.at(-1), ["b", "c", "d"]);
  assert.deepEqual(names(stage.keeper.take()), ["b", "c", "d", "e"]);
});

test("a page that is left without a token keeps everything", () => {
  const stage = new Stage();
  stage.offer("a");
  stage.sender.leave();
  assert.deepEqual(stage.calls, []);
  assert.deepEqual(names(stage.keeper.take()), ["a"]);
});

test("what is acknowledged while the page is hidden is kept no more", async () => {
  const stage = new Stage();
  stage.offer("a", "b", "c");
  await browser.pass(0);
  stage.sender.leave();
  assert.equal(browser.sessionStorage.items.size, 1);
  await stage.answer(TAKEN);
  assert.equal(browser.sessionStorage.items.size, 0);
});

test("a page that is seen again keeps nothing, and sends what it still has", async () => {
  const stage = new Stage();
  stage.offer("a", "b", "c");
  await browser.pass(0);
  stage.sender.leave();
  await stage.answer(LATER);
  stage.sender.comeBack();
  assert.equal(browser.sessionStorage.items.size, 0);
  await browser.pass(1_000);
  assert.deepEqual(stage.sent, [["a", "b", "c"], ["a", "b", "c"]]);
});

test("after the stop nothing is sent", async () => {
  const stage = new Stage();
  stage.offer("a");
  await browser.pass(1_000);
  stage.offer("b");
  stage.stop.abort();
  await stage.answer(LATER, 600_000);
  stage.sender.leave();
  assert.deepEqual(stage.sent, [["a"]]);
});
