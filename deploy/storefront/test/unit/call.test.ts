/** Calls against answers written by hand, byte by byte: what a server or a network may say. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Encode, BinaryWriter } from "@bufbuild/protobuf/wire";
import { durationFromMs, DurationSchema } from "@bufbuild/protobuf/wkt";

import { callTo } from "../../src/call";
import type { Answer } from "../../src/call";
import { ErrorReason } from "../../src/gen/rescate/error/v1/error_reason_pb";
import { RecordEventsRequestSchema, RecordEventsResponseSchema } from "../../src/gen/rescate/session/v1/session_tracking_service_pb";
import { browser, eachInBrowser } from "./browser";
import { named, names } from "./events";

eachInBrowser();

const TRAILER = 0x80;

function frame(flags: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(data.length, 1);
  return Buffer.concat([head, data]);
}

function trailer(fields: Record<string, string>): Buffer {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return frame(TRAILER, Buffer.from(lines.join("")));
}

function answered(...frames: Buffer[]): Response {
  return new Response(Buffer.concat(frames), { headers: { "content-type": "application/grpc-web+proto" } });
}

async function callAnswered(answer: () => Response | Promise<Response>): Promise<Answer> {
  browser.fetch = async () => answer();
  return callTo("https://events.example")([named("a"), named("b")], "secret", new AbortController().signal);
}

/** A `google.rpc.Status` with a RetryInfo in it, as the header carries it. */
function statusWithRetryInfo(code: number, delayMs: number): string {
  const delay = toBinary(DurationSchema, durationFromMs(delayMs));
  const info = new BinaryWriter().tag(1, 2).bytes(delay).finish();
  const any = new BinaryWriter().tag(1, 2).string("type.googleapis.com/google.rpc.RetryInfo").tag(2, 2).bytes(info).finish();
  return base64Encode(new BinaryWriter().tag(1, 0).int32(code).tag(3, 2).bytes(any).finish(), "std_raw");
}

test("a call carries the events, the token and keepalive, and no cookies", async () => {
  const calls: Parameters<typeof fetch>[] = [];
  browser.fetch = (...call) => {
    calls.push(call);
    return Promise.reject(new TypeError("no network"));
  };
  const event = named("a");
  await callTo("https://events.example")([event], "secret", new AbortController().signal);
  const [[url, request] = []] = calls;
  assert.equal(url, "https://events.example/rescate.session.v1.SessionTrackingService/RecordEvents");
  assert.equal(request?.keepalive, true);
  assert.equal(request?.credentials, "omit");
  const headers = new Headers(request?.headers);
  assert.equal(headers.get("authorization"), "Bearer secret");
  assert.equal(headers.get("content-type"), "application/grpc-web+proto");
  const body = request?.body as Uint8Array;
  assert.deepEqual(fromBinary(RecordEventsRequestSchema, body.subarray(5)).events, [event]);
});

test("a call is on its way when it returns: a page that unloads has no later", () => {
  let called = false;
  browser.fetch = () => {
    called = true;
    return new Promise(() => {});
  };
  void callTo("https://events.example")([named("a")], "secret", new AbortController().signal);
  assert.ok(called);
});

test("refused events are told with their field and reason", async () => {
  const rejected = [{ index: 1, field: "page", reason: ErrorReason.CARD_DATA }, { index: 7, field: "no such event" }];
  const message = toBinary(RecordEventsResponseSchema, create(RecordEventsResponseSchema, { acceptedCount: 1, rejected }));
  const answer = await callAnswered(() => answered(frame(0, message), trailer({ "grpc-status": "0" })));
  assert.ok(answer.is === "taken");
  assert.deepEqual(
    answer.refused.map(({ event, field, reason }) => [...names([event]), field, reason]),
    [["b", "page", "CARD_DATA"]],
  );
});

test("without an answer that can be understood the events are sent later", async () => {
  const unanswered: (() => Response | Promise<Response>)[] = [
    () => Promise.reject(new TypeError("failed to fetch")),
    () => answered(frame(0, new Uint8Array()).subarray(0, 3)),
    () => answered(frame(0, new Uint8Array())),
    () => new Response("bad gateway", { status: 502 }),
    () => new Response("too many", { status: 429 }),
    () => new Response("oops", { status: 500 }),
    () => answered(trailer({ "grpc-status": "14" })),
    () => answered(trailer({ "grpc-status": "4" })),
  ];
  for (const answer of unanswered) {
    assert.deepEqual(await callAnswered(answer), { is: "later", afterMs: 0 }, `${answer}`);
  }
});

test("a server that is busy says how long to wait", async () => {
  const details = statusWithRetryInfo(8, 2_500);
  const answer = await callAnswered(() => answered(trailer({ "grpc-status": "8", "grpc-status-details-bin": details })));
  assert.deepEqual(answer, { is: "later", afterMs: 2_500 });
});

test("what would be refused again is refused", async () => {
  const refusals = { "3": "InvalidArgument", "7": "PermissionDenied", "8": "ResourceExhausted", "12": "Unimplemented", "13": "Internal" };
  for (const [status, reason] of Object.entries(refusals)) {
    const answer = await callAnswered(() => answered(trailer({ "grpc-status": status })));
    assert.deepEqual(answer, { is: "refused", reason });
  }
});

test("a token that has ended is told apart", async () => {
  const answer = await callAnswered(() => answered(trailer({ "grpc-status": "16" })));
  assert.deepEqual(answer, { is: "unauthenticated" });
});

test("a call that takes too long is given up", async () => {
  browser.fetch = (_url, request) =>
    new Promise((_resolve, reject) => {
      request?.signal?.addEventListener("abort", () => reject(request.signal?.reason));
    });
  const answer = callTo("https://events.example")([named("a")], "secret", new AbortController().signal);
  await browser.pass(10_000);
  assert.deepEqual(await answer, { is: "later", afterMs: 0 });
});
