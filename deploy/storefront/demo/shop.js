// A shop of four pages, to show what a shop has to tell the tag: what the page cannot see by itself.
import { start } from "/storefront.js";

const CATALOGUE = {
  "LAMP-1": { name: "Reading lamp", room: "desk", minorUnits: 12900, configurable: true },
  "LAMP-2": { name: "Floor lamp", room: "living", minorUnits: 24900, configurable: true },
  "BULB-3": { name: "Warm bulb", room: "desk", minorUnits: 900, configurable: false },
};
const SHIPPING = { minorUnits: 1490, currency: "EUR" };

/** What each page is for. A product page tells of its product instead. */
function pageKind(path) {
  if (path.startsWith("/product/")) return null;
  return { "/cart": "cart", "/checkout": "checkout" }[path] ?? "browse";
}

// A real shop would ask its own server, which knows the session of its cookie.
const { token, ...settings } = JSON.parse(element("rescate").textContent);
const askForToken = async () => {
  if (!token) throw new Error("no token today");
  return token;
};
window.problems = [];
const tag = start({
  ...settings,
  token: askForToken,
  pageKind,
  onProblem: (problem) => window.problems.push(`${problem.what} ${problem.event ?? problem.error} ${problem.reason ?? ""}`),
});

const page = { "/cart": showCart, "/checkout": showCheckout }[location.pathname];
if (page) page();
else if (location.pathname.startsWith("/product/")) showProduct(location.pathname.slice("/product/".length));
else showHome();

function showHome() {
  const shelf = element("shelf");
  const fill = () => {
    const room = location.pathname.replace(/^\/(rooms\/)?/, "");
    const shown = Object.entries(CATALOGUE).filter(([, product]) => !room || product.room === room);
    shelf.replaceChildren(...shown.map(([sku, product]) => card(sku, product)));
  };
  for (const link of document.querySelectorAll("[data-room]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.pushState(null, "", link.href);
      fill();
    });
  }
  addEventListener("popstate", fill);
  fill();
}

function card(sku, { name, minorUnits }) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/product/${sku}`;
  link.textContent = name;
  item.append(link, ` ${price({ minorUnits, currency: "EUR" })}`);
  return item;
}

function showProduct(sku) {
  const { name, minorUnits, configurable } = CATALOGUE[sku];
  const unitPrice = { minorUnits, currency: "EUR" };
  element("name").textContent = name;
  element("price").textContent = price(unitPrice);
  tag.viewedProduct({ sku, price: unitPrice, configurable });
  element("shade").addEventListener("change", () => tag.configuredProduct(sku));
  element("add").addEventListener("click", () => {
    const cart = readCart();
    cart[sku] = (cart[sku] ?? 0) + 1;
    writeCart(cart);
    tag.cartChanged({ added: { sku, quantity: 1, unitPrice, configurable } });
    element("added").textContent = `${cart[sku]} in your cart`;
  });
}

function showCart() {
  const cart = readCart();
  const lines = Object.entries(cart).map(([sku, quantity]) => {
    const line = document.createElement("li");
    const remove = document.createElement("button");
    remove.textContent = "Remove";
    remove.addEventListener("click", () => {
      delete cart[sku];
      writeCart(cart);
      tag.cartChanged({ removed: sku });
      line.remove();
    });
    line.append(`${quantity} × ${CATALOGUE[sku].name}`, remove);
    return line;
  });
  element("lines").replaceChildren(...lines);
  const sum = Object.entries(cart).reduce((sum, [sku, quantity]) => sum + quantity * CATALOGUE[sku].minorUnits, 0);
  element("subtotal").textContent = price({ minorUnits: sum, currency: "EUR" });
}

function showCheckout() {
  tag.checkoutStepEntered("address");
  element("checkout").addEventListener("submit", (event) => {
    event.preventDefault();
    element("checkout").hidden = true;
    element("delivery").hidden = false;
    element("shipping").textContent = price(SHIPPING);
    tag.checkoutStepEntered("delivery");
    tag.costShown("shipping", SHIPPING);
  });
  // Broken on purpose.
  element("pay").addEventListener("click", () => {
    throw new Error("cannot charge card 4111 1111 1111 1111 of ana@example.com");
  });
}

function price({ minorUnits, currency }) {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(minorUnits / 100);
}

function readCart() {
  return JSON.parse(localStorage.getItem("cart") ?? "{}");
}

function writeCart(cart) {
  localStorage.setItem("cart", JSON.stringify(cart));
}

function element(id) {
  return document.getElementById(id);
}
