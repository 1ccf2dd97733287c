/**
 * Pages that take long to show what they are for: the largest content, where the browser tells of it, else the load.
 * Once for each document, and only for one that was in view all the time: nobody waits for a hidden one.
 */

import { pageSlow } from "../payload";
import { isVisible, listen } from "./watch";
import type { Watch } from "./watch";

const CONTENT = "largest-contentful-paint";

export function watchSlowPages(watch: Watch): void {
  let told = !isVisible();
  listen(watch, document, "visibilitychange", () => {
    told = true;
  });
  const came = (atMs: number): void => {
    const tookMs = atMs - activatedAtMs();
    if (!told && tookMs >= watch.settings.slowAfterMs) {
      told = true;
      watch.tell(() => pageSlow(tookMs));
    }
  };
  if (PerformanceObserver.supportedEntryTypes?.includes(CONTENT)) {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach((entry) => came(entry.startTime)));
    observer.observe({ type: CONTENT, buffered: true });
    watch.stopped.addEventListener("abort", () => observer.disconnect());
  } else if (document.readyState === "complete") {
    came(navigation()?.loadEventStart ?? 0);
  } else {
    listen(watch, window, "load", () => came(performance.now()));
  }
}

/** A page may be loaded ahead; the wait begins when the shopper asks for it. */
function activatedAtMs(): number {
  return (navigation() as { activationStart?: number } | undefined)?.activationStart ?? 0;
}

function navigation(): PerformanceNavigationTiming | undefined {
  return performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined;
}
