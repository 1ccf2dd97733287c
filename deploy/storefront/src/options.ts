/** What a shop sets, and what holds when it does not. */

import type { Problem } from "./problem";
import type { PageKind } from "./words";

/** Things that the tag watches by itself. */
export type Watched = "views" | "dwell" | "idle" | "exitIntent" | "formErrors" | "pageFaults" | "slowPages";

/** Settings of the tag. */
export interface Options {
  /** Where session-tracking answers gRPC-Web, such as `https://events.shop.example`. */
  readonly endpoint: string;
  /** The shopping session: `ses_` and a UUID. The token is bound to it. */
  readonly session: string;
  /** The device or browser profile: `vis_` and a UUID. */
  readonly visitor: string;
  /**
   * Gives the session's token. Called when the tag starts and again when a token has ended. While it fails, nothing is
   * sent; what happens meanwhile waits, within bounds.
   */
  readonly token: () => Promise<string>;
  /**
   * What the page at a path is for, or `null` when the shop tells it by itself, as with
   * {@link Storefront.viewedProduct}. Without it, each page is `other`.
   */
  readonly pageKind?: (path: string) => PageKind | null;
  /** The name under which a page is told, for paths that would name a person. Without it, the path. */
  readonly pageName?: (path: string) => string;
  /** Time zone by its IANA name. Without it, the browser's. */
  readonly timeZone?: string;
  /** Language as two letters of ISO 639-1. Without it, the document's. */
  readonly language?: string;
  /** The time in milliseconds since 1970. Without it, the browser's clock. */
  readonly now?: () => number;
  /** Watchers to leave out: `{ idle: false }`. */
  readonly watch?: Readonly<Partial<Record<Watched, boolean>>>;
  /** Without input for so long, a visible page is idle. 60 s. */
  readonly idleAfterMs?: number;
  /** A page whose content takes longer to come is slow. 4 s. */
  readonly slowAfterMs?: number;
  /** After a sign of leaving, none is told for so long. 30 s. */
  readonly exitIntentQuietMs?: number;
  /** How long an event waits for others to go with it. 1 s. */
  readonly batchDelayMs?: number;
  /** Told of what goes wrong; for logs, never for shoppers. */
  readonly onProblem?: (problem: Problem) => void;
}

/** Options with nothing left open. */
export type Settings = Required<Omit<Options, "onProblem" | "watch">> & {
  readonly watch: Readonly<Record<Watched, boolean>>;
};

/** Fills in what the shop left open. */
export function settle(options: Options): Settings {
  const { onProblem: _onProblem, ...own } = options;
  return {
    pageKind: () => "other",
    pageName: (path) => path,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? "",
    language: /^[a-z]{2}(?![^-_])/u.exec(document.documentElement.lang.toLowerCase())?.[0] ?? "",
    now: Date.now,
    idleAfterMs: 60_000,
    slowAfterMs: 4_000,
    exitIntentQuietMs: 30_000,
    batchDelayMs: 1_000,
    ...own,
    watch: {
      views: true,
      dwell: true,
      idle: true,
      exitIntent: true,
      formErrors: true,
      pageFaults: true,
      slowPages: true,
      ...options.watch,
    },
  };
}
