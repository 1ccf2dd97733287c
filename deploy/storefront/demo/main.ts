/**
 * Opens the demo shop beside a suite that runs already:
 *
 *     RESCATE_SESSIONS__SERVER__ALLOWED_ORIGINS=http://127.0.0.1:7180 cargo run -- up --data ./rescate-data
 *     npm run demo -- ../../rescate-data
 */

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";

import { Shop } from "./server";

const [data = "../../rescate-data"] = process.argv.slice(2);
const session = `ses_${randomUUID()}`;
const order = ["run", "--quiet", "--", "token", "--role", "storefront", "--session", session, "--data", resolve(data)];
const token = execFileSync("cargo", order, { cwd: "../..", encoding: "utf8" }).trim();

const shop = await Shop.open(7180);
shop.config = { endpoint: "http://127.0.0.1:7101", session, visitor: `vis_${randomUUID()}`, token };
console.log(`The shop is open at ${shop.origin}; its session is ${session}.`);
