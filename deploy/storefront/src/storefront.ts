/** The tag: what a shop starts on each of its pages, and tells what the page cannot see. */

import { callTo } from "./call";
import { EventMaker } from "./event";
import type { Payload } from "./event";
import { reportTo, safely } from "./guard";
import type { Report } from "./guard";
import { Keeper } from "./keeper";
import { settle } from "./options";
import type { Options, Settings, Watched } from "./options";
import { Outbox } from "./outbox";
import { cartChanged, custom, formError, money, pageViewed, payload } from "./payload";
import { Sender } from "./sender";
import { Tokens } from "./tokens";
import { watchExitIntent } from "./watch/exit";
import { watchPageFaults } from "./watch/faults";
import { watchFormErrors } from "./watch/forms";
import { watchIdle } from "./watch/idle";
import { watchSlowPages } from "./watch/slow";
import { Visit } from "./watch/visit";
import { isVisible, listen } from "./watch/watch";
import type { Watch } from "./watch/watch";
import { CHECKOUT_STEPS, COST_KINDS } from "./words";
import type { CartChange, CheckoutStep, CostKind, Money, PageKind, Product } from "./words";

/** Most that waits in a page: half a session's worth of clicks, and small enough for a tab's storage. */
const OUTBOX = { events: 500, bytes: 128 * 1024 };

/** Browsers let 64 KiB be on their way from a page that unloads: one batch that is, and a last one. */
const BATCH = { events: 100, bytes: 30 * 1024 };

const RETRY = { retryMs: 1_000, maxRetryMs: 60_000 };

/**
 * Starts the tag on this page. Views, dwell, idleness, exit intent, form errors, faults and slow loading are watched from
 * now on; the handle is for what only the shop knows. Nothing of it ever throws.
 */
export function start(options: Options): Storefront {
  return new Storefront(options);
}

/** The handle of a tag that was started. */
export class Storefront {
  readonly #stop = new AbortController();
  readonly #report: Report;
  #tag: Tag | undefined;

  /** @internal Use {@link start}. */
  constructor(options: Options) {
    this.#report = reportTo((problem) => options.onProblem?.(problem));
    safely(this.#report, () => {
      this.#tag = new Tag(settle(options), this.#report, this.#stop.signal);
      this.#tag.begin();
    });
  }

  /** A page came into view whose path does not tell what it is for. */
  viewedPage(kind: PageKind): void {
    this.#tell(() => pageViewed(kind));
  }

  /** The page shows a product. How long it does is watched from here. */
  viewedProduct(product: Product): void {
    safely(this.#report, () => this.#tag?.visit.viewedProduct(product));
  }

  /** The shopper chose an option of a product. */
  configuredProduct(sku: string): void {
    this.#tell(() => payload({ case: "productConfigured", value: { sku } }));
  }

  /** The shopper searched, and so many results were shown. What for is not told. */
  searched(resultCount: number): void {
    this.#tell(() => payload({ case: "searchPerformed", value: { resultCount } }));
  }

  /** The cart changed. Told once for each change, not with each look at the cart. */
  cartChanged(change: CartChange): void {
    this.#tell(() => cartChanged(change));
  }

  /** The shopper entered a step of the checkout. */
  checkoutStepEntered(step: CheckoutStep): void {
    this.#tell(() => payload({ case: "checkoutStepEntered", value: { step: CHECKOUT_STEPS[step] } }));
  }

  /** A cost beyond the lines was shown for the first time. */
  costShown(kind: CostKind, amount: Money): void {
    this.#tell(() => payload({ case: "costRevealed", value: { kind: COST_KINDS[kind], amount: money(amount) } }));
  }

  /** A promotion code was accepted, and took this off. */
  couponApplied(discount: Money): void {
    this.#tell(() => payload({ case: "couponApplied", value: { discount: money(discount) } }));
  }

  /** A promotion code was refused. The code is not told. */
  couponRejected(reason = ""): void {
    this.#tell(() => payload({ case: "couponRejected", value: { reason } }));
  }

  /** The shopper tried to pay, by a kind of payment such as `card`. */
  paymentAttempted(method: string): void {
    this.#tell(() => payload({ case: "paymentAttempted", value: { method } }));
  }

  /** A payment was declined. */
  paymentDeclined(method: string, reason = ""): void {
    this.#tell(() => payload({ case: "paymentDeclined", value: { method, reason } }));
  }

  /** A form refused what was typed into the field of this name, by the shop's own check rather than the browser's. */
  formRefused(field: string): void {
    this.#tell(() => formError(field));
  }

  /** The shopper edited the delivery or billing address. The address is not told. */
  addressEdited(): void {
    this.#tell(() => payload({ case: "addressEdited", value: {} }));
  }

  /** The shopper opened a way to get help. */
  helpOpened(): void {
    this.#tell(() => payload({ case: "helpOpened", value: {} }));
  }

  /** The shopper read a policy or FAQ entry on a topic such as `returns`. */
  faqViewed(topic: string): void {
    this.#tell(() => payload({ case: "faqViewed", value: { topic } }));
  }

  /** Anything else for the timeline, with at most 16 attributes. Nothing personal belongs here. */
  noted(name: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.#tell(() => custom(name, attributes));
  }

  /** Stops for good, as when a consent is withdrawn: nothing more is watched or sent, and what waits is forgotten. */
  stop(): void {
    safely(this.#report, () => {
      this.#stop.abort();
      this.#tag?.forget();
      this.#tag = undefined;
    });
  }

  #tell(payload: () => Payload): void {
    this.#tag?.tell(payload);
  }
}

/** A tag at work. */
class Tag implements Watch {
  readonly settings: Settings;
  readonly report: Report;
  readonly stopped: AbortSignal;
  readonly visit: Visit;
  readonly #maker: EventMaker;
  readonly #keeper: Keeper;
  readonly #tokens: Tokens;
  readonly #sender: Sender;
  #leaving = false;

  constructor(settings: Settings, report: Report, stopped: AbortSignal) {
    this.settings = settings;
    this.report = report;
    this.stopped = stopped;
    const { session, visitor, timeZone, language } = settings;
    this.#maker = new EventMaker({ session, visitor, timeZone, language }, settings.now);
    this.#keeper = new Keeper(session);
    this.#tokens = new Tokens(settings.token);
    this.#sender = new Sender(
      {
        outbox: new Outbox(OUTBOX),
        keeper: this.#keeper,
        tokens: this.#tokens,
        call: callTo(settings.endpoint),
        maker: this.#maker,
        report,
      },
      { ...RETRY, batch: BATCH, batchDelayMs: settings.batchDelayMs },
      stopped,
    );
    this.visit = new Visit(this, this.#maker);
  }

  begin(): void {
    // Early, so that a page that is left within its first second can still send. A failure shows when it is needed.
    void this.#tokens.get().catch(() => undefined);
    this.#keeper.take().forEach((event) => this.#sender.offer(event));
    listen(this, window, "pagehide", () => {
      this.#leaving = true;
    });
    listen(this, window, "pageshow", () => {
      this.#leaving = false;
    });
    this.visit.begin();
    this.#watch("idle", watchIdle);
    this.#watch("exitIntent", watchExitIntent);
    this.#watch("formErrors", watchFormErrors);
    this.#watch("pageFaults", watchPageFaults);
    this.#watch("slowPages", watchSlowPages);
    this.#followPage();
  }

  tell(payload: () => Payload): void {
    try {
      this.#sender.offer(this.#maker.make(payload()));
    } catch (error) {
      this.report({ what: "invalid", error });
    }
  }

  leaving(): boolean {
    return this.#leaving;
  }

  forget(): void {
    this.#keeper.keep([]);
  }

  #watch(name: Watched, begin: (watch: Watch) => void): void {
    if (this.settings.watch[name]) {
      safely(this.report, () => begin(this));
    }
  }

  /** Listens last, so that what the other listeners tell of the same event goes out with it. */
  #followPage(): void {
    listen(this, window, "online", () => this.#sender.hurry());
    listen(this, window, "pagehide", () => this.#sender.leave());
    listen(this, window, "pageshow", () => this.#sender.comeBack());
    listen(this, document, "visibilitychange", () => {
      if (isVisible()) {
        this.#sender.comeBack();
      } else {
        this.#sender.leave();
      }
    });
  }
}
