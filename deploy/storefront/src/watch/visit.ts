/**
 * The page that the shopper looks at: told when it comes into view, and when it is left with how long it was.
 *
 * A page in a background tab, or one that is prerendered, is not told until it is looked at. Only visible time counts.
 * A page that is hidden and then ended by the browser does not tell how long it was in view; the suite has noticed a
 * long look by itself.
 */

import type { EventMaker } from "../event";
import { custom, pageViewed, productViewed } from "../payload";
import type { PageKind, Product } from "../words";
import { watchRoutes } from "./routes";
import { Stopwatch } from "./stopwatch";
import { isVisible, listen } from "./watch";
import type { Watch } from "./watch";

export class Visit {
  readonly #watch: Watch;
  readonly #maker: Pick<EventMaker, "page">;
  readonly #look = new Stopwatch();
  #kind: PageKind | null = null;
  #product: Product | undefined;
  #seen = false;

  constructor(watch: Watch, maker: Pick<EventMaker, "page">) {
    this.#watch = watch;
    this.#maker = maker;
  }

  /** Enters the page, and follows the shopper to the next ones. */
  begin(): void {
    this.#enter();
    watchRoutes(this.#watch, () => {
      this.leave();
      this.#enter();
    });
    listen(this.#watch, document, "visibilitychange", () => this.#turn());
    listen(this.#watch, window, "pagehide", () => this.leave());
    listen<PageTransitionEvent>(this.#watch, window, "pageshow", (event) => {
      // Back from the browser's cache: in view again, with what it showed.
      if (event.persisted) {
        const product = this.#product;
        this.#enter();
        product && this.viewedProduct(product);
      }
    });
  }

  /** The page shows this product; another one than before, if there was one. */
  viewedProduct(product: Product): void {
    if (this.#product && this.#seen) {
      this.#tellDwell();
    }
    this.#product = product;
    if (this.#seen) {
      this.#look.reset();
      this.#turn();
      this.#watch.tell(() => productViewed(product));
    }
  }

  /** The page is left. Once for each time that it was entered. */
  leave(): void {
    if (this.#seen) {
      this.#seen = false;
      this.#tellDwell();
    }
  }

  #enter(): void {
    const { pathname } = location;
    const { pageKind, pageName } = this.#watch.settings;
    this.#seen = false;
    this.#product = undefined;
    this.#look.reset();
    this.#maker.page = pageName(pathname);
    this.#kind = pageKind(pathname);
    this.#turn();
  }

  /** The page may have come into view, or gone out of it. */
  #turn(): void {
    if (!isVisible()) {
      this.#look.pause();
      return;
    }
    this.#look.run();
    if (!this.#seen && !this.#watch.leaving()) {
      this.#seen = true;
      this.#tellView();
    }
  }

  #tellView(): void {
    const watch = this.#watch;
    const kind = this.#kind;
    if (kind !== null && watch.settings.watch.views) {
      watch.tell(() => pageViewed(kind));
    }
    const product = this.#product;
    if (product) {
      watch.tell(() => productViewed(product));
    }
  }

  #tellDwell(): void {
    const watch = this.#watch;
    if (!watch.settings.watch.dwell) {
      return;
    }
    const millis = this.#look.elapsedMs;
    const product = this.#product;
    watch.tell(() => (product ? productViewed(product, millis) : custom("page_dwell", { visible_ms: `${Math.round(millis)}` })));
  }
}
