import assert from "node:assert/strict";
import { test } from "node:test";

import { EventIds } from "../../src/ids";

const NOW = 1_800_000_000_000;
const FORM = /^evt_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("an id is a UUID of version 7 that begins with its time", () => {
  const id = new EventIds().next(NOW);
  assert.match(id, FORM);
  assert.equal(parseInt(id.slice("evt_".length).replaceAll("-", "").slice(0, 12), 16), NOW);
});

test("ids rise within a millisecond, past its room to count, and when the clock is set back", () => {
  const ids = new EventIds();
  const made = [NOW - 1, ...Array<number>(10_000).fill(NOW), NOW - 3_600_000].map((now) => ids.next(now));
  assert.deepEqual(made, [...made].sort());
  assert.equal(new Set(made).size, made.length);
  made.forEach((id) => assert.match(id, FORM));
});

test("two pages do not make the same id in the same millisecond", () => {
  assert.notEqual(new EventIds().next(NOW), new EventIds().next(NOW));
});
