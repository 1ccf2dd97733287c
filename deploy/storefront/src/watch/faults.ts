/**
 * Faults of the page: errors and rejections that nobody caught. That there was one is told; what it said is not, as it
 * may hold anything.
 */

import { pageFailed } from "../payload";
import { atMostEach, listen } from "./watch";
import type { Watch } from "./watch";

/** An error in a loop is one fault to the shopper. */
const QUIET_MS = 10_000;

export function watchPageFaults(watch: Watch): void {
  const failed = atMostEach(QUIET_MS, () => watch.tell(pageFailed));
  listen<ErrorEvent>(watch, window, "error", (event) => {
    if (event.target === window && isOfPage(event.filename) && !watch.leaving()) {
      failed();
    }
  });
  listen<PromiseRejectionEvent>(watch, window, "unhandledrejection", ({ reason }) => {
    const cancelled = reason instanceof DOMException && reason.name === "AbortError";
    if (!cancelled && !watch.leaving()) {
      failed();
    }
  });
}

/** Extensions fail under addresses of their own, and scripts that the shop only embeds have none. */
function isOfPage(script: string): boolean {
  return /^https?:/u.test(script);
}
