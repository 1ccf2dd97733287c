//! Public vectors: the signatures of Project Wycheproof and the examples of the RFCs, over keys that are read as an issuer
//! publishes them; and what Wycheproof's JWS cases do to a token, done to one of ours in every allowed algorithm.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify as rsa};

use super::*;

/// Whether a signature holds by the key of a JWK, in the one algorithm that we take the key for.
fn holds(jwk: &Value, message: &[u8], signature: &str) -> bool {
    let set = json!({ "keys": [jwk] }).to_string();
    let Ok(keys) = KeySet::parse(set.as_bytes()) else {
        return false;
    };
    let key = keys.get("vector").unwrap();
    jsonwebtoken::crypto::verify(signature, message, &key.key, key.algorithm).unwrap_or(false)
}

/// How many vectors had to hold, and how many had to fail.
#[derive(Debug, Default, PartialEq, Eq)]
struct Judged {
    valid: usize,
    invalid: usize,
}

impl Judged {
    fn judge(&mut self, jwk: &Value, message: &[u8], signature: &[u8], expected: TestResult) {
        let held = holds(jwk, message, &URL_SAFE_NO_PAD.encode(signature));
        match expected {
            TestResult::Valid => {
                assert!(held, "{jwk} {signature:02x?}");
                self.valid += 1;
            }
            TestResult::Invalid => {
                assert!(!held, "{jwk} {signature:02x?}");
                self.invalid += 1;
            }
            // A weak form that a library may take or leave.
            TestResult::Acceptable => {}
        }
    }
}

#[test]
fn the_signatures_of_ed25519_are_judged_rightly() {
    let mut judged = Judged::default();
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in set.test_groups {
        let x = URL_SAFE_NO_PAD.encode(&*group.jwk.x);
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "vector", "x": x});
        for test in group.tests {
            judged.judge(&jwk, &test.msg, &test.sig, test.result);
        }
    }
    assert!(judged.valid > 80 && judged.invalid > 40, "{judged:?}");
}

/// A point of a curve as a JWK.
fn point(curve: &str, x: &[u8], y: &[u8]) -> Value {
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    json!({"kty": "EC", "crv": curve, "kid": "vector", "x": x, "y": y})
}

#[test]
fn the_signatures_of_es256_are_judged_rightly() {
    let mut judged = Judged::default();
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    for group in set.test_groups {
        let Some(jwk) = group.jwk else { continue };
        let jwk = point("P-256", &jwk.affine_x, &jwk.affine_y);
        for test in group.tests {
            judged.judge(&jwk, &test.msg, &test.sig, test.result);
        }
    }
    assert!(judged.valid > 100 && judged.invalid > 60, "{judged:?}");
}

/// An RSA key as a JWK.
fn modulus(n: &[u8], e: &[u8]) -> Value {
    let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
    json!({"kty": "RSA", "kid": "vector", "n": n, "e": e})
}

#[test]
fn the_signatures_of_rs256_are_judged_rightly() {
    let mut judged = Judged::default();
    for name in [
        rsa::TestName::Rsa2048Sha256,
        rsa::TestName::Rsa3072Sha256,
        rsa::TestName::Rsa4096Sha256,
    ] {
        for group in rsa::TestSet::load(name).unwrap().test_groups {
            let Some(jwk) = group.jwk else { continue };
            let jwk = modulus(&jwk.n, &jwk.e);
            for test in group.tests {
                judged.judge(&jwk, &test.msg, &test.sig, test.result);
            }
        }
    }
    assert!(judged.valid > 20 && judged.invalid > 600, "{judged:?}");
}

/// Genuine in another algorithm is not genuine: a key has one.
#[test]
fn valid_signatures_in_algorithms_that_are_not_allowed_are_refused() {
    let mut refused = 0;
    let mut judge = |jwk: &Value, message: &[u8], signature: &[u8], result: TestResult| {
        if result == TestResult::Valid {
            let held = holds(jwk, message, &URL_SAFE_NO_PAD.encode(signature));
            assert!(!held, "{jwk} {signature:02x?}");
            refused += 1;
        }
    };
    for (name, curve) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha512P1363, "P-256"),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, "P-384"),
        (ecdsa::TestName::EcdsaSecp521r1Sha512P1363, "P-521"),
        (ecdsa::TestName::EcdsaSecp256k1Sha256P1363, "secp256k1"),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let Some(jwk) = group.jwk else { continue };
            let jwk = point(curve, &jwk.affine_x, &jwk.affine_y);
            for test in group.tests {
                judge(&jwk, &test.msg, &test.sig, test.result);
            }
        }
    }
    for name in [rsa::TestName::Rsa2048Sha512, rsa::TestName::Rsa3072Sha384] {
        for group in rsa::TestSet::load(name).unwrap().test_groups {
            let Some(jwk) = group.jwk else { continue };
            let jwk = modulus(&jwk.n, &jwk.e);
            for test in group.tests {
                judge(&jwk, &test.msg, &test.sig, test.result);
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

/// RFC 7515 A.3 and RFC 8037 A.4.
#[test]
fn the_examples_of_the_rfcs_hold() {
    let es256 = json!({
        "kty": "EC", "crv": "P-256", "kid": "vector",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let ed25519 = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "vector",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    for (jwk, token) in [
        (
            es256,
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb\
             290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            ed25519,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dW\
             bhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ] {
        let (message, signature) = token.rsplit_once('.').unwrap();
        assert!(holds(&jwk, message.as_bytes(), signature), "{jwk}");
        let other = message.replace("eyJhbGciOiJF", "eyJhbGciOiJG");
        assert!(!holds(&jwk, other.as_bytes(), signature), "{jwk}");
    }
}

/// A key of an issuer that signs in one of the allowed algorithms.
enum Issuer {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Issuer {
    fn es256() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Self::Es256(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).unwrap())
    }

    fn rs256() -> Self {
        Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Rs256(_) => "RS256",
        }
    }

    fn public_bytes(&self) -> &[u8] {
        match self {
            Self::Es256(key) => key.public_key().as_ref(),
            Self::Rs256(key) => key.public_key().as_ref(),
        }
    }

    fn jwk(&self) -> Value {
        let public = self.public_bytes();
        match self {
            // An uncompressed point: a mark, x and y.
            Self::Es256(_) => point("P-256", &public[1..33], &public[33..65]),
            // `RSAPublicKey` of PKCS#1: nine bytes of heads, then the modulus, then the exponent in its last three.
            Self::Rs256(_) => modulus(&public[9..265], &public[public.len() - 3..]),
        }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header), encode(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Es256(key) => key
                .sign(&random, message.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    message.as_bytes(),
                    &mut signature,
                )
                .unwrap();
                signature
            }
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What is left of a token, or put to it, by the names of Wycheproof's `json_web_signature_test`.
fn damaged(token: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("{token}");
    };
    let flipped = |part: &str| {
        let first = if part.starts_with('A') { 'B' } else { 'A' };
        part.replacen(|_| true, &first.to_string(), 1)
    };
    let none = encode(&json!({"alg": "none", "typ": "JWT", "kid": "vector"}));
    let serialized = json!({"payload": payload, "protected": header, "signature": signature});
    vec![
        (
            "ModifiedSignature",
            [header, payload, &flipped(signature)].join("."),
        ),
        ("MissingSignature", [header, payload, ""].join(".")),
        ("MissingSignatureAndSeparator", [header, payload].join(".")),
        (
            "ModifiedPayload",
            [header, &flipped(payload), signature].join("."),
        ),
        ("MissingPayload", [header, "", signature].join(".")),
        ("MissingPayloadAndSeparator", [header, signature].join(".")),
        (
            "ModifiedHeader",
            [&flipped(header), payload, signature].join("."),
        ),
        ("MissingHeader", ["", payload, signature].join(".")),
        ("MissingHeaderAndSeparator", [payload, signature].join(".")),
        ("MissingHeaderAndSignature", ["", payload, ""].join(".")),
        ("MissingHeaderSignatureAndSeparators", payload.to_owned()),
        ("EmptyString", String::new()),
        ("ExtraEmptyComponent", [token, ""].join(".")),
        ("ExtraComponent", [token, "foo"].join(".")),
        (
            "NoneAlgorithmAndMissingSignature",
            [&none, payload, ""].join("."),
        ),
        ("NoneAlgorithm", [&none, payload, signature].join(".")),
        ("ValidJsonSerialization", serialized.to_string()),
    ]
}

/// Tokens that are signed, though not by the issuer.
fn forged(issuer: &Issuer, claims: &Value) -> Vec<(&'static str, String)> {
    let symmetric = json!({"alg": "HS256", "typ": "JWT", "kid": "vector"});
    let secret = EncodingKey::from_secret(issuer.public_bytes());
    let stranger = Issuer::es256();
    let embedded = json!({"alg": "ES256", "typ": "JWT", "kid": "vector", "jwk": stranger.jwk()});
    let namesake = json!({"alg": "ES256", "typ": "JWT", "kid": "vector"});
    vec![
        (
            "SymmetryConfusionAttacks",
            sign(&symmetric, claims, &secret, Algorithm::HS256),
        ),
        (
            "AttackerProvidedEmbeddedJwk",
            stranger.token(&embedded, claims),
        ),
        ("AnotherKeyOfTheSameName", stranger.token(&namesake, claims)),
    ]
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_refused_in_every_algorithm() {
    for issuer in [Issuer::es256(), Issuer::rs256()] {
        let fixture = Fixture::new().await;
        let set = json!({ "keys": [issuer.jwk()] }).to_string();
        std::fs::write(fixture.keys.jwks_path(), set).unwrap();
        let config = auth_config(&fixture.keys);
        let verifier = Verifier::open(&config, fixture.clock.clone())
            .await
            .unwrap();
        let header = json!({"alg": issuer.name(), "typ": "JWT", "kid": "vector"});
        let claims = fixture.claims();
        let genuine = issuer.token(&header, &claims);
        assert!(verifier.verify(&genuine).await.is_ok(), "{}", issuer.name());
        let bad = [damaged(&genuine), forged(&issuer, &claims)].concat();
        for (what, token) in bad {
            let accepted = verifier.verify(&token).await.is_ok();
            assert!(!accepted, "{} {what}", issuer.name());
        }
    }
}
