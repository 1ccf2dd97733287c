"""Verifies an offer token offline: who signed it, for whom, for which cart, and until when.

The caller redeems it afterwards with `RedeemOffer`; see ../README.md. Needs the package `cryptography`.
"""

import base64
import binascii
import json
import sys
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TYPE = "offer+jwt"
LONGEST_TOKEN = 8 * 1024


class Refused(Exception):
    """The token is no offer for this shopper and cart; its one argument says why."""


def verify_offer(token, keys, tenant, person, cart_version, now):
    """The claims of a token, or `Refused`. `keys` maps key ids to Ed25519 public keys; `now` is in seconds since 1970."""
    header, claims, signed, signature = _parts(token)
    # The key decides the algorithm, never the token.
    if header.get("alg") != "EdDSA" or header.get("typ") != TYPE or "crit" in header:
        raise Refused("malformed")
    kid = header.get("kid")
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise Refused("unknown_key")
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise Refused("bad_signature") from None
    if not all(type(claims.get(name)) is int for name in ("exp", "cart_version", "minor_units")):
        raise Refused("malformed")
    if now >= claims["exp"]:
        raise Refused("expired")
    if claims.get("tenant") != tenant:
        raise Refused("other_tenant")
    if claims.get("person") != person:
        raise Refused("other_person")
    if claims.get("cart_version") != cart_version:
        raise Refused("other_cart")
    return claims


def read_keys(document):
    """The keys of a `GetOfferKeys` answer in JSON."""
    return {
        key["keyId"]: Ed25519PublicKey.from_public_bytes(_decode(key["publicKey"]))
        for key in document["keys"]
    }


def _parts(token):
    pieces = token.split(".")
    if len(pieces) != 3 or len(token) > LONGEST_TOKEN:
        raise Refused("malformed")
    try:
        header, claims = (json.loads(_decode(piece)) for piece in pieces[:2])
        signature = _decode(pieces[2])
    except (ValueError, RecursionError):
        raise Refused("malformed") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Refused("malformed")
    return header, claims, f"{pieces[0]}.{pieces[1]}".encode("ascii"), signature


def _decode(text):
    """Base64url without padding, strictly: what another text could also mean is refused."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as fault:
        raise ValueError("not base64url") from fault
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii", "replace"):
        raise ValueError("not canonical base64url")
    return raw


def main(arguments):
    """Verifies the token of standard input; the exit code is 0 for an offer, 1 for a refusal and 2 for wrong usage."""
    counts = arguments[3:5]
    if len(arguments) not in (4, 5) or not all(count.isascii() and count.isdigit() for count in counts):
        print("usage: verify_offer.py KEYS.json TENANT PERSON CART_VERSION [NOW] < token", file=sys.stderr)
        return 2
    keys_path, tenant, person, cart_version, *now = arguments
    with open(keys_path, encoding="utf-8") as file:
        keys = read_keys(json.load(file))
    now = int(now[0]) if now else int(time.time())
    try:
        claims = verify_offer(sys.stdin.read().strip(), keys, tenant, person, int(cart_version), now)
    except Refused as refusal:
        print(json.dumps({"refused": refusal.args[0]}, separators=(",", ":")))
        return 1
    terms = {name: claims[name] for name in ("offer", "remedy", "minor_units", "currency")}
    print(json.dumps(terms, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
