/** A suite of its own for one test run: started on free ports and an empty folder, asked for tokens and sessions. */

import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { createClient } from "@connectrpc/connect";
import type { Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { SessionTrackingService } from "../gen/rescate/session/v1/session_tracking_service_pb";
import type { Session } from "../gen/rescate/session/v1/session_tracking_service_pb";
import { required } from "./environment";

const run = promisify(execFile);

export class Suite {
  /** Where session-tracking listens. */
  readonly sessions: string;
  readonly #process: ChildProcess;
  readonly #data: string;
  readonly #client: Client<typeof SessionTrackingService>;
  #platformToken: Promise<string> | undefined;

  private constructor(process: ChildProcess, data: string, sessions: string) {
    this.#process = process;
    this.#data = data;
    this.sessions = sessions;
    this.#client = createClient(SessionTrackingService, createGrpcTransport({ baseUrl: sessions }));
  }

  /** Starts a suite whose session-tracking takes events from the pages of `origin`. */
  static async start(origin: string): Promise<Suite> {
    const program = required("RESCATE_BIN");
    const data = await mkdtemp(join(tmpdir(), "rescate-storefront-"));
    const child = spawn(program, ["up", "--free-ports", "--data", data], {
      env: { ...process.env, RESCATE_SESSIONS__SERVER__ALLOWED_ORIGINS: origin },
      stdio: ["ignore", "pipe", "inherit"],
    });
    // However this process ends, neither the suite nor its data stays behind.
    process.once("exit", () => {
      child.kill("SIGKILL");
      rmSync(data, { recursive: true, force: true, maxRetries: 3 });
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const [, sessions] = /^rescate is ready: .*session-tracking=(\S+)/u.exec(line) ?? [];
      if (sessions !== undefined) {
        return new Suite(child, data, sessions);
      }
    }
    throw new Error("the suite did not start");
  }

  async storefrontToken(session: string): Promise<string> {
    return this.#token(["--role", "storefront", "--session", session]);
  }

  /** The session as the platform sees it; nothing before its first event. */
  async session(sessionId: string): Promise<Session | undefined> {
    this.#platformToken ??= this.#token(["--role", "platform"]);
    const headers = { authorization: `Bearer ${await this.#platformToken}` };
    try {
      return (await this.#client.getSession({ sessionId }, { headers })).session;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("[not_found]")) {
        return undefined;
      }
      throw error;
    }
  }

  /** Ends it at once: its data is thrown away anyhow. */
  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  async #token(role: string[]): Promise<string> {
    const { stdout } = await run(required("RESCATE_BIN"), ["token", ...role, "--data", this.#data]);
    return stdout.trim();
  }
}
