/** What all watchers share: how they tell what they see, and how they stop. */

import type { Payload } from "../event";
import { safely } from "../guard";
import type { Report } from "../guard";
import type { Settings } from "../options";

/** What a watcher works with. Its listeners end by themselves when `stopped` aborts. */
export interface Watch {
  readonly settings: Settings;
  readonly stopped: AbortSignal;
  readonly report: Report;
  /** Tells that something happened now. A payload that cannot be made is reported, not thrown. */
  tell(payload: () => Payload): void;
  /** Whether the page is being unloaded: what it does then says nothing about the shopper. */
  leaving(): boolean;
}

/** Listens until the tag stops, without slowing the page down and without throwing into it. */
export function listen<E extends Event = Event>(
  watch: Watch,
  target: EventTarget,
  type: string,
  handle: (event: E) => void,
): void {
  const listener = (event: Event): void => safely(watch.report, () => handle(event as E));
  target.addEventListener(type, listener, { signal: watch.stopped, capture: true, passive: true });
}

/** Acts at most once in so many milliseconds. */
export function atMostEach(millis: number, act: () => void): () => void {
  let last = -Infinity;
  return () => {
    const now = performance.now();
    if (now - last >= millis) {
      last = now;
      act();
    }
  };
}

/** Whether the shopper can see the page. */
export function isVisible(): boolean {
  return document.visibilityState === "visible";
}
