import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Tokens } from "../../src/tokens";
import { browser, eachInBrowser } from "./browser";

eachInBrowser();

test("the shop is asked once, also by two at the same time", async () => {
  const ask = mock.fn(async () => "one");
  const tokens = new Tokens(ask);
  assert.equal(tokens.known, undefined);
  assert.deepEqual(await Promise.all([tokens.get(), tokens.get()]), ["one", "one"]);
  assert.equal(await tokens.get(), "one");
  assert.equal(tokens.known, "one");
  assert.equal(ask.mock.callCount(), 1);
});

test("a token that has ended is asked for anew, a newer one is not", async () => {
  const answers = ["one", "two"];
  const tokens = new Tokens(async () => answers.shift() ?? "three");
  tokens.forget(await tokens.get());
  assert.equal(tokens.known, undefined);
  assert.equal(await tokens.get(), "two");
  tokens.forget("one");
  assert.equal(tokens.known, "two");
});

test("a failure is not remembered", async () => {
  let fails = true;
  const tokens = new Tokens(async () => {
    if (fails) {
      throw new Error("no");
    }
    return "one";
  });
  await assert.rejects(tokens.get(), /no/);
  fails = false;
  assert.equal(await tokens.get(), "one");
});

test("a shop that throws, has no token, or never answers has none", async () => {
  const throwing = (): never => {
    throw new Error("thrown");
  };
  await assert.rejects(new Tokens(throwing).get(), /thrown/);
  await assert.rejects(new Tokens(async () => "").get(), /no token/);
  const late = assert.rejects(new Tokens(() => new Promise(() => {})).get(), /in time/);
  await browser.pass(10_000);
  await late;
});
