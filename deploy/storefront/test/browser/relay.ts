/**
 * Stands between the browser and the suite: writes down what is sent, and is a bad network when told to. It changes
 * nothing, so what the browser meets is the suite's own CORS and gRPC-Web.
 */

import { createServer, request as call } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

import { fromBinary } from "@bufbuild/protobuf";

import type { Event } from "../../src/event";
import { RecordEventsRequestSchema } from "../../src/gen/rescate/session/v1/session_tracking_service_pb";

/** How the network is. */
export type Weather =
  | "fair"
  /** What is asked is answered after a while. */
  | "slow"
  /** Nobody is reached. */
  | "down"
  /** Calls arrive, and their answers are lost. */
  | "answers-lost";

const SLOW_MS = 500;

export class Relay {
  weather: Weather = "fair";
  /** Bodies of all calls, whether they arrived or not. */
  readonly bodies: Buffer[] = [];
  readonly #server: Server;
  #target: URL | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#pass(request, response).catch(() => response.destroy());
    });
  }

  static async open(): Promise<Relay> {
    const relay = new Relay();
    await new Promise<void>((listening) => relay.#server.listen(0, "127.0.0.1", listening));
    return relay;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** All events that were sent, each as often as it was. */
  get events(): Event[] {
    const ENVELOPE = 5;
    return this.bodies.flatMap((body) => fromBinary(RecordEventsRequestSchema, body.subarray(ENVELOPE)).events);
  }

  /** Leads to another suite, in fair weather and with a blank sheet. */
  reset(target: string): void {
    this.#target = new URL(target);
    this.weather = "fair";
    this.bodies.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const isCall = request.method === "POST";
    if (isCall) {
      this.bodies.push(body);
    }
    const { weather } = this;
    if (weather === "slow") {
      await setTimeout(SLOW_MS);
    }
    if (weather === "down" || this.#target === undefined) {
      response.destroy();
      return;
    }
    const answer = await this.#forward(request, body, this.#target);
    const answered = await buffer(answer);
    if (weather === "answers-lost" && isCall) {
      response.destroy();
    } else {
      response.writeHead(answer.statusCode ?? 502, answer.headers).end(answered);
    }
  }

  #forward(request: IncomingMessage, body: Buffer, { hostname, port }: URL): Promise<IncomingMessage> {
    const { method, headers, url: path } = request;
    return new Promise((resolve, reject) => {
      call({ hostname, port, method, path, headers }, resolve).on("error", reject).end(body);
    });
  }
}
