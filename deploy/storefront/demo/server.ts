/** Serves the demo shop: its pages with a configuration filled in, its files, and the bundles of the tag. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What the pages start the tag with: its options as JSON, and the token. */
export type Config = Readonly<Record<string, unknown>>;

/** Files by path, from the package's folder. */
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/shop.js": ["demo/shop.js", "text/javascript"],
  "/shop.css": ["demo/shop.css", "text/css"],
  "/storefront.js": ["dist/storefront.js", "text/javascript"],
  "/storefront.iife.js": ["dist/storefront.iife.js", "text/javascript"],
};

/** A shop that is open. */
export class Shop {
  /** Filled into each page that is asked for from now on. */
  config: Config = {};
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://shop").pathname;
      this.#answer(path).then(
        ({ type, body }) => response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body),
        () => response.writeHead(404).end(),
      );
    });
  }

  static async open(port = 0): Promise<Shop> {
    const shop = new Shop();
    await new Promise<void>((listening) => shop.#server.listen(port, "127.0.0.1", listening));
    return shop;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #answer(path: string): Promise<{ type: string; body: string }> {
    const [file, type] = FILES[path] ?? [pageFile(path), "text/html"];
    const body = await readFile(file, "utf8");
    // Inside a script element, `<` could end it.
    const config = JSON.stringify(this.config).replaceAll("<", "\\u003c");
    return { type, body: type === "text/html" ? body.replace("{{config}}", () => config) : body };
  }
}

function pageFile(path: string): string {
  if (path === "/" || path.startsWith("/rooms/")) {
    return "demo/home.html";
  }
  if (path.startsWith("/product/")) {
    return "demo/product.html";
  }
  const [, name] = /^\/(cart|checkout|returns)$/u.exec(path) ?? [];
  if (name === undefined) {
    throw new Error("no such page");
  }
  return `demo/${name}.html`;
}
