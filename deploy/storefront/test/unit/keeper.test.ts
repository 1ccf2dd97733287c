import assert from "node:assert/strict";
import { test } from "node:test";

import { Keeper } from "../../src/keeper";
import { browser, eachInBrowser } from "./browser";
import { named, names, SESSION } from "./events";

eachInBrowser();

test("the next page takes what this one kept, once and with the same ids", () => {
  const events = [named("a"), named("b")];
  new Keeper(SESSION).keep(events);
  const taken = new Keeper(SESSION).take();
  assert.deepEqual(taken, events);
  assert.deepEqual(new Keeper(SESSION).take(), []);
});

test("keeping replaces what was kept, and nothing leaves nothing", () => {
  const keeper = new Keeper(SESSION);
  keeper.keep([named("a")]);
  keeper.keep([named("b")]);
  assert.deepEqual(names(keeper.take()), ["b"]);
  keeper.keep([named("c")]);
  keeper.keep([]);
  assert.equal(browser.sessionStorage.items.size, 0);
});

test("events of another session are dropped", () => {
  new Keeper(SESSION).keep([named("a")]);
  assert.deepEqual(new Keeper("ses_another").take(), []);
  assert.equal(browser.sessionStorage.items.size, 0);
});

test("something else under the name is nothing", () => {
  for (const rubbish of ["", "x", `${SESSION} %%%`, `${SESSION} AAAA`]) {
    browser.sessionStorage.setItem("rescate.unsent", rubbish);
    assert.deepEqual(new Keeper(SESSION).take(), []);
  }
});

test("a storage that refuses is as good as none", () => {
  const refuse = (): never => {
    throw new DOMException("full", "QuotaExceededError");
  };
  Object.assign(browser.sessionStorage, { getItem: refuse, setItem: refuse, removeItem: refuse });
  const keeper = new Keeper(SESSION);
  keeper.keep([named("a")]);
  keeper.keep([]);
  assert.deepEqual(keeper.take(), []);
});
