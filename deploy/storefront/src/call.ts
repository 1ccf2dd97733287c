/**
 * One call of RecordEvents over gRPC-Web, and what its answer means for the events.
 *
 * Each call is made with `keepalive`, so a page that unloads does not cut the one that is on its way.
 */

import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { durationMs, DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import type { Event } from "./event";
import { ErrorReason } from "./gen/rescate/error/v1/error_reason_pb";
import { SessionTrackingService } from "./gen/rescate/session/v1/session_tracking_service_pb";

/** A call that takes longer is given up, in milliseconds; its events are sent again under the same ids. */
const DEADLINE_MS = 10_000;

/** What became of a batch. */
export type Answer =
  /** Durable, but for the refused ones. */
  | { readonly is: "taken"; readonly refused: readonly Refusal[] }
  /** Not known to be kept: to be sent again, after `afterMs` at the earliest. */
  | { readonly is: "later"; readonly afterMs: number }
  /** The token has ended. */
  | { readonly is: "unauthenticated" }
  /** Sent again, it would be refused again. */
  | { readonly is: "refused"; readonly reason: string };

/** One refused event of a batch. */
export interface Refusal {
  readonly event: Event;
  readonly field: string;
  readonly reason: string;
}

/** Sends a batch; never rejects. */
export type Call = (events: Event[], token: string, signal: AbortSignal) => Promise<Answer>;

/** Calls the suite at `endpoint`. */
export function callTo(endpoint: string): Call {
  const transport = createGrpcWebTransport({
    baseUrl: endpoint,
    defaultTimeoutMs: DEADLINE_MS,
    fetch: (url, request) => fetch(url, { ...request, keepalive: true, credentials: "omit" }),
  });
  const client = createClient(SessionTrackingService, transport);
  return async (events, token, signal) => {
    try {
      const headers = { authorization: `Bearer ${token}` };
      const { rejected } = await client.recordEvents({ events }, { headers, signal });
      const refused = rejected.flatMap(({ index, field, reason }) => {
        const event = events[index];
        return event === undefined ? [] : [{ event, field, reason: ErrorReason[reason] ?? `${reason}` }];
      });
      return { is: "taken", refused };
    } catch (error) {
      return verdict(ConnectError.from(error));
    }
  };
}

function verdict(error: ConnectError): Answer {
  // Without a header there was no answer, or it broke off. The events may be kept all the same; sent again, they count
  // once.
  if (error.metadata.keys().next().done) {
    return { is: "later", afterMs: 0 };
  }
  switch (error.code) {
    // Unknown: somebody between answered, with a fault of their own.
    case Code.Unknown:
    case Code.Unavailable:
    case Code.DeadlineExceeded:
      return { is: "later", afterMs: retryDelay(error) ?? 0 };
    case Code.ResourceExhausted: {
      const afterMs = retryDelay(error);
      return afterMs === undefined ? refusal(error) : { is: "later", afterMs };
    }
    case Code.Unauthenticated:
      return { is: "unauthenticated" };
    default:
      return refusal(error);
  }
}

function refusal(error: ConnectError): Answer {
  return { is: "refused", reason: Code[error.code] };
}

/** The delay of a `google.rpc.RetryInfo`, in milliseconds; none when the error has none that can be read. */
function retryDelay(error: ConnectError): number | undefined {
  for (const detail of error.details) {
    if ("type" in detail && detail.type === "google.rpc.RetryInfo") {
      return readRetryInfo(detail.value);
    }
  }
  return undefined;
}

/** The message has one field, a Duration. */
function readRetryInfo(bytes: Uint8Array): number | undefined {
  try {
    const reader = new BinaryReader(bytes);
    reader.tag();
    return durationMs(fromBinary(DurationSchema, reader.bytes()));
  } catch {
    return undefined;
  }
}
