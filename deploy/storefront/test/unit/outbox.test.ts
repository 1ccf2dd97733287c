import assert from "node:assert/strict";
import { test } from "node:test";

import { encodedBytes } from "../../src/event";
import { Outbox } from "../../src/outbox";
import { named, names } from "./events";

const NONE = new Set<string>();
const ROOMY = { events: 100, bytes: 100_000 };

function outboxOf(...events: string[]): Outbox {
  const outbox = new Outbox(ROOMY);
  events.forEach((name) => outbox.add(named(name)));
  return outbox;
}

test("past its number the oldest event goes", () => {
  const outbox = new Outbox({ events: 2, bytes: 100_000 });
  assert.deepEqual(names([...outbox.add(named("a")), ...outbox.add(named("b"))]), []);
  assert.deepEqual(names(outbox.add(named("c"))), ["a"]);
  assert.deepEqual(names(outbox.all()), ["b", "c"]);
});

test("past its size as many of the oldest go as make room", () => {
  const small = named("a");
  const large = named("large", "x".repeat(200));
  const outbox = new Outbox({ events: 100, bytes: encodedBytes(small) + encodedBytes(large) });
  ["a", "b"].forEach((name) => outbox.add(named(name)));
  assert.deepEqual(names(outbox.add(large)), ["a"]);
  assert.deepEqual(names(outbox.all()), ["b", "large"]);
});

test("a batch is the oldest events that fit its number and its size", () => {
  const outbox = outboxOf("a", "b", "c");
  const bytes = encodedBytes(named("a"));
  assert.deepEqual(names(outbox.batch({ events: 2, bytes: 100_000 }, NONE)), ["a", "b"]);
  assert.deepEqual(names(outbox.batch({ events: 100, bytes: 2 * bytes }, NONE)), ["a", "b"]);
  assert.deepEqual(names(outbox.batch({ events: 100, bytes: 2 * bytes - 1 }, NONE)), ["a"]);
});

test("an event larger than a batch goes alone", () => {
  const outbox = new Outbox(ROOMY);
  outbox.add(named("large", "x".repeat(200)));
  outbox.add(named("a"));
  assert.deepEqual(names(outbox.batch({ events: 100, bytes: 10 }, NONE)), ["large"]);
});

test("what is on its way is not taken again", () => {
  const outbox = outboxOf("a", "b");
  const [first] = outbox.all();
  assert.deepEqual(names(outbox.batch(ROOMY, new Set([first!.eventId]))), ["b"]);
});

test("a forgotten event leaves its room to others", () => {
  const outbox = new Outbox({ events: 100, bytes: encodedBytes(named("a")) });
  outbox.add(named("a"));
  outbox.forget(outbox.all());
  assert.equal(outbox.size, 0);
  assert.deepEqual(outbox.add(named("b")), []);
});
