import assert from "node:assert/strict";
import { test } from "node:test";

import { fit, pathOnly } from "../../src/text";

test("a text is cut at the end of a character that still fits", () => {
  assert.equal(fit("añb", 4), "añb");
  assert.equal(fit("añb", 3), "añ");
  assert.equal(fit("añb", 2), "a");
  assert.equal(fit("😀😀", 7), "😀");
});

test("control characters and white space around a text go", () => {
  assert.equal(fit(" a\n\u0007b ", 64), "ab");
});

test("a page is its path, without what follows it", () => {
  assert.equal(pathOnly("/cart?mail=a@b.c#top"), "/cart");
  assert.equal(pathOnly("/cart#a?b"), "/cart");
  assert.equal(pathOnly("/" + "x".repeat(300)).length, 256);
});
