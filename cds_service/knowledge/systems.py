"""Code systems that are known by their URI, and how the codes of some are written: code_systems.json holds them.

Systems that it does not hold are as good; of these nothing is known but what the knowledge says of them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_service.core.coding import NDC, keys

_SCHEME, _NO_LETTER = re.compile(r"https?://", re.IGNORECASE), re.compile(r"[\W_]+")


@dataclass(frozen=True)
class CodeSystem:
    """One code system: its URI, what every code of it matches, and how that is told; None where it has no rule."""

    uri: str
    code: re.Pattern[str] | None = None
    written: str | None = None


def _read() -> dict[str, CodeSystem]:
    listed = json.loads(Path(__file__).with_name("code_systems.json").read_text("utf-8"))
    found = [
        CodeSystem(each["uri"], re.compile(each["code"]) if "code" in each else None, each.get("written"))
        for each in listed
    ]
    return {each.uri: each for each in found}


SYSTEMS: Mapping[str, CodeSystem] = _read()
_LINES = {each.uri: re.compile(rf"(?:(?:{each.code.pattern})\n)*+") for each in SYSTEMS.values() if each.code}
RULED = frozenset({NDC, *_LINES})


def is_code_of(system: str, code: str) -> bool:
    """Return whether a code can be one of its system, as far as that can be told from how it is written."""
    rule = SYSTEMS[system].code if system in SYSTEMS else None
    is_written = rule is None or bool(rule.fullmatch(code))
    return bool(code.strip()) and code == code.strip() and is_written and bool(keys(system, code))


def are_codes_of(system: str, codes: Sequence[str]) -> bool:
    """Return whether is_code_of is true of all codes of a system in RULED: of many it is told in one go."""
    if system == NDC:
        return all(keys(NDC, code) for code in codes)
    lines = "".join(f"{code}\n" for code in codes)
    return lines.count("\n") == len(codes) and bool(_LINES[system].fullmatch(lines))


def how_written(system: str) -> str | None:
    """Return how the codes of a system are written, in words; None where nothing is known of it."""
    return SYSTEMS[system].written if system in SYSTEMS else None


def without_signs(uri: str) -> str:
    """Return a URI as it is when capitals, signs, http and https do not count."""
    return _NO_LETTER.sub("", _SCHEME.sub("", uri, count=1)).casefold()
