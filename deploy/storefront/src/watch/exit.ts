/**
 * Signs that the shopper is about to leave: the mouse goes out through the top, to the tabs and the address; the page is
 * hidden behind another tab or app; on a touch screen, a flick back up to the address.
 *
 * The back button alone is no sign: within the shop it is how people browse, and out of it the page is gone.
 */

import { exitIntent } from "../payload";
import { atMostEach, isVisible, listen } from "./watch";
import type { Watch } from "./watch";

/** A flick scrolls up by a screen within this time, ... */
const FLICK_MS = 300;

/** ... and begins with a finger on the screen this long ago at most: a jump to the top by the page is none. */
const TOUCH_MS = 1_000;

export function watchExitIntent(watch: Watch): void {
  const turnToLeave = atMostEach(watch.settings.exitIntentQuietMs, () => watch.tell(exitIntent));
  listen<MouseEvent>(watch, document.documentElement, "mouseleave", (event) => {
    if (event.target === document.documentElement && event.clientY <= 0) {
      turnToLeave();
    }
  });
  listen(watch, document, "visibilitychange", () => {
    if (!isVisible() && !watch.leaving()) {
      turnToLeave();
    }
  });
  watchFlicks(watch, turnToLeave);
}

function watchFlicks(watch: Watch, flicked: () => void): void {
  let touchedAt = -Infinity;
  let from = { at: -Infinity, y: 0 };
  listen(watch, window, "touchmove", () => {
    touchedAt = performance.now();
  });
  listen(watch, window, "scroll", () => {
    const now = performance.now();
    const y = window.scrollY;
    if (now - from.at > FLICK_MS || y > from.y) {
      from = { at: now, y };
    } else if (from.y - y >= window.innerHeight && now - touchedAt <= TOUCH_MS) {
      from = { at: now, y };
      flicked();
    }
  });
}
