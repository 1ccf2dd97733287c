/** Notices when a single-page app shows another page. Another query or fragment is the same page. */

import { safely } from "../guard";
import { listen } from "./watch";
import type { Watch } from "./watch";

/** Calls `changed` after each change of the path. */
export function watchRoutes(watch: Watch, changed: () => void): void {
  let path = location.pathname;
  const look = (): void => {
    if (location.pathname !== path && !watch.stopped.aborted) {
      path = location.pathname;
      changed();
    }
  };
  listen(watch, window, "popstate", look);
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    const wrapped: History["pushState"] = function (this: History, ...change) {
      original.apply(this, change);
      safely(watch.report, look);
    };
    history[name] = wrapped;
    watch.stopped.addEventListener("abort", () => {
      // Somebody who wrapped it after us keeps calling ours, which then does nothing of its own.
      if (history[name] === wrapped) {
        history[name] = original;
      }
    });
  }
}
