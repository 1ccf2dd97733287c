/** As much of a browser as the tag touches, with a clock that stands still until it is told to go on. */

import { setMaxListeners } from "node:events";
import { afterEach, beforeEach, mock } from "node:test";

// Node warns of an AbortSignal with many listeners, as the one that stops the tag; browsers do not.
setMaxListeners(0);

class FakeElement extends EventTarget {
  lang = "en-GB";
}

class FakeDocument extends EventTarget {
  visibilityState: "visible" | "hidden" = "visible";
  readyState = "complete";
  readonly documentElement = new FakeElement();
}

class FakeWindow extends EventTarget {
  scrollY = 0;
  innerHeight = 800;
}

class FakeStorage {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

class FakeHistory {
  readonly #location: { pathname: string };
  constructor(location: { pathname: string }) {
    this.#location = location;
  }
  pushState(_state: unknown, _unused: string, url?: string | URL | null): void {
    this.#location.pathname = new URL(`${url}`, "http://shop").pathname;
  }
  replaceState(state: unknown, unused: string, url?: string | URL | null): void {
    this.pushState(state, unused, url);
  }
}

class FakeObserver {
  static supportedEntryTypes = ["largest-contentful-paint"];
  constructor(told: (list: { getEntries(): { startTime: number }[] }) => void) {
    browser.painted = (startTime) => told({ getEntries: () => [{ startTime }] });
  }
  observe(): void {}
  disconnect(): void {
    browser.painted = () => {};
  }
}

export class FakeBrowser {
  readonly window = new FakeWindow();
  readonly document = new FakeDocument();
  readonly location = { pathname: "/" };
  readonly history = new FakeHistory(this.location);
  readonly sessionStorage = new FakeStorage();
  /** Stands for the network. */
  fetch: typeof fetch = () => Promise.reject(new TypeError("no network"));
  /** Tells of a largest content that came so long after the start. */
  painted: (startTime: number) => void = () => {};

  /** Something happens, with these properties. */
  fire(target: EventTarget, type: string, properties: object = {}): void {
    const event = new Event(type);
    for (const [name, value] of Object.entries(properties)) {
      Object.defineProperty(event, name, { value });
    }
    target.dispatchEvent(event);
  }

  show(): void {
    this.document.visibilityState = "visible";
    this.fire(this.document, "visibilitychange");
  }

  hide(): void {
    this.document.visibilityState = "hidden";
    this.fire(this.document, "visibilitychange");
  }

  /** The page is left, in the order of the HTML standard. */
  unload(): void {
    this.fire(this.window, "pagehide");
    this.hide();
  }

  /** Lets so much time pass, and what is due happen. */
  async pass(millis: number): Promise<void> {
    await settled();
    mock.timers.tick(millis);
    await settled();
  }
}

/** The browser of the test that runs. */
export let browser: FakeBrowser;

const REPLACED = ["window", "document", "location", "history", "sessionStorage", "fetch", "PerformanceObserver"];

/** Gives each test of a file a browser of its own. */
export function eachInBrowser(): void {
  const before = REPLACED.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  beforeEach(() => {
    browser = new FakeBrowser();
    const fakes = { ...browser, fetch: (...call: Parameters<typeof fetch>) => browser.fetch(...call), PerformanceObserver: FakeObserver };
    for (const name of REPLACED) {
      Object.defineProperty(globalThis, name, { value: fakes[name as keyof typeof fakes], configurable: true, writable: true });
    }
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
    const started = Date.now();
    mock.method(performance, "now", () => Date.now() - started);
    mock.method(Math, "random", () => 1);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
    for (const [name, descriptor] of before) {
      if (descriptor) {
        Object.defineProperty(globalThis, name, descriptor);
      } else {
        Reflect.deleteProperty(globalThis, name);
      }
    }
  });
}

/** Lets promises that wait for nothing but each other settle. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
