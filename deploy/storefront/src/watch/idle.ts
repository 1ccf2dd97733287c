/**
 * A visible page without input. The contract has no such event, as the suite sees pauses by itself; this one goes into
 * the timeline under the name `idle`, and does not end a pause there.
 */

import { custom } from "../payload";
import { isVisible, listen } from "./watch";
import type { Watch } from "./watch";

const INPUT = ["pointerdown", "pointermove", "keydown", "wheel", "touchmove", "scroll"];

/** Tells each pause once. */
export function watchIdle(watch: Watch): void {
  const { idleAfterMs } = watch.settings;
  let activeAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const check = (): void => {
    const left = activeAt + idleAfterMs - performance.now();
    if (left > 0) {
      timer = setTimeout(check, left);
    } else {
      timer = undefined;
      watch.tell(() => custom("idle", { after_ms: `${idleAfterMs}` }));
    }
  };
  const wake = (): void => {
    activeAt = performance.now();
    if (isVisible()) {
      timer ??= setTimeout(check, idleAfterMs);
    }
  };
  INPUT.forEach((type) => listen(watch, window, type, wake));
  listen(watch, document, "visibilitychange", () => (isVisible() ? wake() : rest()));
  watch.stopped.addEventListener("abort", rest);
  wake();
}
