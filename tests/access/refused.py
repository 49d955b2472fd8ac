"""Every token that must be refused, by name, with the word that the log gets. Keys and claims are as in tokens.py."""

import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.access.tokens import (
    AUDIENCE,
    BASE,
    GUARDED,
    ISSUER,
    LEFT_OUT,
    NOW,
    OTHER,
    bearer,
    encoded,
    key_entries,
    make_claims,
    make_header,
    pair,
    sign,
    sign_with_secret,
)

TEXT = b'"claims"'
UNLISTED = "https://unlisted.example.org/jwks.json"


@dataclass(frozen=True, repr=False)
class Refused:
    name: str
    reason: str
    authorization: str | None


def rows() -> list[Refused]:
    """Return the matrix. Every row differs from a good token in what its name says, and in nothing else."""
    return [Refused(*row) for table in (_texts, _headers, _algorithms, _signers, _claims, _times) for row in table()]


def _texts():
    good = bearer()
    token = good.removeprefix("Bearer ")
    header, claims, signature = token.split(".")
    deep = b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"
    return [
        ("no header at all", "missing", None),
        ("empty header", "missing", ""),
        ("Basic", "scheme", "Basic dXNlcjpwYXNz"),
        ("Bearer without a token", "scheme", "Bearer "),
        ("token without Bearer", "scheme", token),
        ("BEARER and a tab", "scheme", f"Bearer\t{token}"),
        ("two spaces", "scheme", f"Bearer  {token}"),
        ("a space behind", "scheme", f"{good} "),
        ("a line break behind", "scheme", f"{good}\n"),
        ("two tokens", "scheme", f"{good} {token}"),
        ("two headers in one", "scheme", f"{good}, {good}"),
        ("garbage", "scheme", "Bearer garbage"),
        ("two segments", "scheme", f"Bearer {header}.{claims}"),
        ("no signature", "scheme", f"Bearer {header}.{claims}."),
        ("four segments", "scheme", f"{good}.{signature}"),
        ("five segments, as if encrypted", "scheme", f"{good}.{signature}.{signature}"),
        ("padded", "scheme", f"Bearer {header}.{claims}==.{signature}"),
        ("the other base64", "scheme", f"Bearer {header}.{claims}.{signature[:-1]}+"),
        ("not ASCII", "scheme", f"Bearer {header}.{claims}.{signature}é"),
        ("not base64", "form", f"Bearer {header}.{claims}.aaaaa"),
        ("header that is not JSON", "form", f"Bearer {encoded(b'{')}.{claims}.{signature}"),
        ("header that is not UTF-8", "form", f"Bearer {encoded(bytes([123, 34, 255, 34]))}.{claims}.{signature}"),
        ("header that is a list", "form", f"Bearer {encoded(b'[]')}.{claims}.{signature}"),
        ("header nested deeply", "form", f"Bearer {encoded(deep)}.{claims}.{signature}"),
        ("claims that are text", "form", f"Bearer {sign(make_header(), TEXT)}"),
        ("claims nested deeply", "form", f"Bearer {sign(make_header(), deep)}"),
        ("a token in a token", "form", f"Bearer {sign(make_header(cty='JWT'), token.encode())}"),
        ("oversized", "size", bearer(extra="x" * 16_384)),
    ]


def _headers():
    def row(name, reason, **changes):
        return name, reason, bearer(make_header(**changes))

    return [
        row("no typ", "typ", typ=LEFT_OUT),
        row("typ null", "form", typ=None),
        row("typ of another kind", "typ", typ="at+jwt"),
        row("no kid", "kid", kid=LEFT_OUT),
        row("empty kid", "kid", kid=""),
        row("kid a number", "form", kid=1),
        row("unknown kid", "key", kid="nobody-knows"),
        row("kid of a key for another algorithm", "key", kid="ehr-rs"),
        row("crit", "crit", crit=["exp"], exp=NOW),
        row("empty crit", "crit", crit=[]),
        row("b64 with crit", "crit", crit=["b64"], b64=False),
        row("unlisted jku", "jku", jku=UNLISTED),
        row("jku that is no address", "jku", jku=""),
        row("jku null", "form", jku=None),
    ]


def _algorithms():
    public = next(iter(key_entries(pair("ehr-rs", "RS384")).values()))
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ec = next(iter(key_entries(pair("ehr-1")).values())).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(pair("ehr-1").public_jwk).encode()
    unsigned = [encoded(json.dumps(part).encode()) for part in (make_header(alg="none"), make_claims())]
    signature = bearer().rpartition(".")[2]
    rs256 = pair("ehr-rs256", "RS256")
    confused = [
        (
            f"{alg} with the public {name}",
            "alg",
            f"Bearer {sign_with_secret(make_header(alg=alg), make_claims(), secret)}",
        )
        for alg in ("HS256", "HS384", "HS512")
        for name, secret in (("RSA key", pem), ("EC key", ec), ("JWK", jwk))
    ]
    return [
        *confused,
        ("none, unsigned", "scheme", f"Bearer {'.'.join(unsigned)}."),
        ("none, with a signature", "alg", f"Bearer {'.'.join(unsigned)}.{signature}"),
        ("None", "alg", bearer(make_header(alg="None"), algorithm="ES384")),
        ("no alg", "alg", bearer(make_header(alg=LEFT_OUT))),
        ("alg a list", "form", bearer(make_header(alg=["ES384"]), algorithm="ES384")),
        ("es384", "alg", bearer(make_header(alg="es384"), algorithm="ES384")),
        ("ES256", "alg", bearer(make_header(alg="ES256"), algorithm="ES384")),
        (
            "RS256 that is not configured",
            "alg",
            bearer(make_header(alg="RS256", kid="ehr-rs256"), rs256),
        ),
        (
            "RS384 with a key for RS256",
            "key",
            bearer(make_header(alg="RS384", kid="ehr-rs256"), rs256),
        ),
        ("RS384 with an EC key", "key", bearer(make_header(alg="RS384"), pair("ehr-rs", "RS384"))),
    ]


def _signers():
    header, claims, signature = bearer().split(".")
    flipped = ("B" if signature[0] != "B" else "C") + signature[1:]
    longer = encoded(json.dumps(make_header(a=1)).encode())
    changed = encoded(json.dumps(make_claims(sub="somebody")).encode())
    strange = pair("strange")
    embedded = {"jwk": strange.public_jwk, "x5c": ["MIIB"], "x5u": UNLISTED}
    return [
        ("wrong signature", "signature", f"{header}.{claims}.{encoded(bytes(96))}"),
        ("short signature", "signature", f"{header}.{claims}.{signature[:-4]}"),
        (
            "another signature",
            "signature",
            f"{header}.{claims}.{flipped}",
        ),
        ("changed claims", "signature", f"{header}.{changed}.{signature}"),
        (
            "changed header",
            "signature",
            f"Bearer {longer}.{claims}.{signature}",
        ),
        ("signed by somebody", "signature", bearer(signer=strange)),
        ("somebody's key in the header", "signature", bearer(make_header(**embedded), strange)),
        ("somebody's key and its kid", "key", bearer(make_header(kid="strange", **embedded), strange)),
        ("unknown iss", "iss", bearer(signer=strange, iss="https://unlisted.example.org")),
        ("iss with another ending", "iss", bearer(iss=f"{ISSUER}/")),
        ("another client's key", "key", bearer(make_header(kid="other-1"), pair("other-1"))),
        ("another client's key under my kid", "signature", bearer(signer=pair("other-1"))),
        ("my key for another client", "key", bearer(iss=OTHER)),
    ]


def _claims():
    guarded = make_header(kid="guarded-1")
    required = ("iss", "aud", "exp", "iat", "jti")

    def row(name, reason, **changes):
        return name, reason, bearer(**changes)

    def tenant(name, **changes):
        return name, "tenant", bearer(guarded, pair("guarded-1"), iss=GUARDED, **changes)

    return [
        *(row(f"no {claim}", "form", **{claim: LEFT_OUT}) for claim in required),
        *(
            row(f"{claim} null", "form", **{claim: None})
            for claim in ("iss", "aud", "exp", "iat", "jti", "nbf", "tenant")
        ),
        row("iss a list", "form", iss=[ISSUER]),
        row("aud of another service", "aud", aud=f"{BASE}/another"),
        row("aud of discovery", "aud", aud=BASE),
        row("aud of feedback", "aud", aud=f"{AUDIENCE}/feedback"),
        row("aud with a slash behind", "aud", aud=f"{AUDIENCE}/"),
        row("aud with a query", "aud", aud=f"{AUDIENCE}?a=b"),
        row("aud in capitals", "aud", aud=AUDIENCE.upper()),
        row("aud that contains the address", "aud", aud=f"{AUDIENCE} {BASE}"),
        row("empty aud", "aud", aud=""),
        row("empty list of aud", "aud", aud=[]),
        row("list of other aud", "aud", aud=[BASE, f"{AUDIENCE}/"]),
        row("list with a number", "form", aud=[AUDIENCE, 1]),
        row("aud an object", "form", aud={AUDIENCE: True}),
        row("empty jti", "form", jti=""),
        row("jti a number", "form", jti=7),
        row("long jti", "form", jti="x" * 257),
        row("tenant a number", "form", tenant=7),
        row("tenant a list", "form", tenant=["ward"]),
        row("tenant with a NUL", "form", tenant="x\0y"),
        tenant("tenant that is not listed", tenant="elsewhere"),
        tenant("no tenant where there is a list"),
    ]


def _times():
    def row(name, reason, **changes):
        return name, reason, bearer(**changes)

    wrong = {"text": str(NOW + 60), "NaN": float("nan"), "infinite": float("inf"), "true": True, "huge": 10**400}
    wrong |= {"in milliseconds": NOW * 1000, "negative": -1, "a list": [NOW]}
    return [
        *(
            row(f"{claim} {name}", "form", **{claim: value})
            for claim in ("exp", "iat", "nbf")
            for name, value in wrong.items()
        ),
        row("expired beyond the skew", "exp", exp=NOW - 30),
        row("not yet", "nbf", nbf=NOW + 31),
        row("issued in the future", "iat", iat=NOW + 31),
        row("issued long ago", "age", iat=NOW - 3630),
        row("exp 0", "exp", exp=0),
    ]
