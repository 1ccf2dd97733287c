// Verifies an offer token offline: who signed it, for whom, for which cart, and until when.
//
// The caller redeems it afterwards with `RedeemOffer`; see ../README.md. Needs Node alone. All types can be erased, so that
// Node 22.18 and newer run this file as it is.

import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";

const TYPE = "offer+jwt";
const LONGEST_TOKEN = 8 * 1024;

export type Reason =
  | "malformed"
  | "unknown_key"
  | "bad_signature"
  | "expired"
  | "other_tenant"
  | "other_person"
  | "other_cart";

export interface Claims {
  tenant: string;
  offer: string;
  person: string;
  cart_version: number;
  remedy: string;
  minor_units: number;
  currency: string;
  iat: number;
  exp: number;
}

export interface Expected {
  tenant: string;
  person: string;
  cartVersion: number;
  /** Seconds since 1970. */
  now: number;
}

/** The token is no offer for this shopper and cart. */
export class Refused extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason);
    this.reason = reason;
  }
}

/** The claims of a token; throws `Refused`. */
export function verifyOffer(token: string, keys: Map<string, KeyObject>, expected: Expected): Claims {
  const pieces = token.split(".");
  const [first, second, third] = pieces;
  if (pieces.length !== 3 || first === undefined || second === undefined || third === undefined || token.length > LONGEST_TOKEN) {
    throw new Refused("malformed");
  }
  const header = readObject(first);
  const claims = readObject(second);
  const signature = decode(third);
  // The key decides the algorithm, never the token.
  if (header["alg"] !== "EdDSA" || header["typ"] !== TYPE || "crit" in header) {
    throw new Refused("malformed");
  }
  const kid = header["kid"];
  const key = typeof kid === "string" ? keys.get(kid) : undefined;
  if (key === undefined) {
    throw new Refused("unknown_key");
  }
  if (!verify(null, Buffer.from(`${first}.${second}`, "ascii"), key, signature)) {
    throw new Refused("bad_signature");
  }
  // A number beyond 2^53 is equal to its neighbours here: a token for another cart would be taken.
  const end = claims["exp"];
  const numbers = [end, claims["cart_version"], claims["minor_units"]];
  if (typeof end !== "number" || !numbers.every(Number.isSafeInteger)) {
    throw new Refused("malformed");
  }
  // Also for a clock that is no number.
  if (!(expected.now < end)) {
    throw new Refused("expired");
  }
  if (claims["tenant"] !== expected.tenant) {
    throw new Refused("other_tenant");
  }
  if (claims["person"] !== expected.person) {
    throw new Refused("other_person");
  }
  if (claims["cart_version"] !== expected.cartVersion) {
    throw new Refused("other_cart");
  }
  return claims as unknown as Claims;
}

/** The keys of a `GetOfferKeys` answer in JSON. */
export function readKeys(document: { keys: { keyId: string; publicKey: string }[] }): Map<string, KeyObject> {
  return new Map(
    document.keys.map(({ keyId, publicKey }) => [
      keyId,
      createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" }),
    ]),
  );
}

function readObject(piece: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(decode(piece)));
  } catch {
    throw new Refused("malformed");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refused("malformed");
  }
  return value as Record<string, unknown>;
}

/** Base64url without padding, strictly: what another text could also mean is refused. */
function decode(text: string): Buffer {
  const raw = Buffer.from(text, "base64url");
  if (raw.toString("base64url") !== text) {
    throw new Refused("malformed");
  }
  return raw;
}

/** A count as it is written, or nothing: an empty text is no 0. */
function readCount(text: string | undefined): number | undefined {
  const count = text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(count) ? count : undefined;
}

function main(args: string[]): number {
  const [keysPath, tenant, person, cartText, nowText] = args;
  const cartVersion = readCount(cartText);
  const now = nowText === undefined ? Math.floor(Date.now() / 1000) : readCount(nowText);
  if (keysPath === undefined || tenant === undefined || person === undefined || cartVersion === undefined || now === undefined) {
    console.error("usage: verify-offer KEYS.json TENANT PERSON CART_VERSION [NOW] < token");
    return 2;
  }
  const keys = readKeys(JSON.parse(readFileSync(keysPath, "utf8")));
  try {
    const { offer, remedy, minor_units, currency } = verifyOffer(readFileSync(0, "utf8").trim(), keys, {
      tenant,
      person,
      cartVersion,
      now,
    });
    console.log(JSON.stringify({ offer, remedy, minor_units, currency }));
    return 0;
  } catch (fault) {
    if (!(fault instanceof Refused)) {
      throw fault;
    }
    console.log(JSON.stringify({ refused: fault.reason }));
    return 1;
  }
}

process.exitCode = main(process.argv.slice(2));
