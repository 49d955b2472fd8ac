"""Codes: equality is system + code, and the few written forms of one code that count as equal.

The National Drug Code is the one system whose codes are written in several ways for the same product: 10 digits in
three hyphenations (4-4-2, 5-3-2, 5-4-1), 11 digits 5-4-2, with or without hyphens. Value sets hold labeler-product
pairs; the package part of an order's code is ignored.
"""

import re
from typing import NamedTuple

NDC = "http://hl7.org/fhir/sid/ndc"
_NDC_HYPHENATED = re.compile(r"(\d{4,5})-(\d{4})(?:-\d{1,2})?|(\d{5})-(\d{3})(?:-\d{1,2})?", re.ASCII)


class Code(NamedTuple):
    """A code of a value set: system, code and the display the value set gives it."""

    system: str
    code: str
    display: str


def ndc_products(code: str) -> tuple[str, ...]:
    """Return the 9-digit labeler-product forms (5-4) that an NDC may stand for.

    A hyphenated or 11-digit code has one; ten digits without hyphens have three readings; anything else has none.
    """
    hyphenated = _NDC_HYPHENATED.fullmatch(code)
    if hyphenated:
        labeler, product = hyphenated[1] or hyphenated[3], hyphenated[2] or hyphenated[4]
        return (labeler.zfill(5) + product.zfill(4),)
    if not code.isascii() or not code.isdigit():
        return ()
    if len(code) == 11:
        return (code[:9],)
    if len(code) == 10:
        return ("0" + code[:8], code[:5] + "0" + code[5:8], code[:9])
    return ()


def keys(system: str, code: str) -> tuple[str, ...]:
    """Return the forms under which a code of `system` is looked up: itself, or its NDC products."""
    return ndc_products(code) if system == NDC else (code,)
