"""The units of measure that are known: their codes and spellings from a value set, their worth from a UCUM library."""

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any

from cds_service.core.plan import BASE
from cds_service.core.units import NO_UNITS, ONE, UCUM, Unit, Units, spelling
from cds_service.errors import Problem
from cds_service.knowledge.concepts import every
from cds_service.knowledge.read import Artifact

UNITS = f"{BASE}/ValueSet/units"
DIMENSIONS = {
    "[mass]": "mass",
    "[length] ** 3": "volume",
    "[length] ** 2": "area",
    "[length]": "length",
    "[time]": "time",
    "[substance]": "substance",
    "dimensionless": "",
}


def to_units(artifact: Artifact | None, problems: list[Problem]) -> Units:
    """Return the units of the value set `units`; what is no unit of UCUM, or is spelt like another, is a problem."""
    if artifact is None:
        return NO_UNITS
    by_code, by_spelling = {ONE.code: ONE}, {ONE.code: ONE}
    for path, system, concept in every(artifact.source):
        if system != UCUM:
            continue
        unit = _unit(concept.get("code", ""))
        if unit is None:
            reason = f"{concept.get('code')} is no UCUM unit of mass, volume, length, time or substance."
            problems.append(Problem(artifact.file, path, reason, "correct the code or remove it."))
            continue
        by_code[unit.code] = unit
        names = [unit.code, concept.get("display", ""), *(each["value"] for each in concept.get("designation", []))]
        for name in names:
            known = by_spelling.setdefault(spelling(name), unit)
            if known != unit:
                reason = f"{name!r} is a spelling of {known.code} as well."
                problems.append(Problem(artifact.file, path, reason, "give a spelling to one unit only."))
    return Units(by_code, by_spelling)


@lru_cache(2048)  # half of the time of loading knowledge a second time, otherwise
def _unit(code: str) -> Unit | None:
    """Return a unit by its parts: numerator and denominators keep their dimensions apart."""
    parts = [_part(part) for part in code.split("/") if not _is_annotation(part)]
    known = [part for part in parts if part]
    if not known or len(known) < len(parts):
        return None
    factor = known[0].factor
    for part in known[1:]:
        factor /= part.factor
    return Unit(code, "/".join(filter(None, (part.dimension for part in known))), factor)


def _is_annotation(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")


def _part(code: str) -> Unit | None:
    parse, worth = _ucum()
    try:
        quantity = worth(parse(code)).to_base_units()
    except Exception:  # noqa: BLE001  (the library raises errors of its parser, of its own, and of pint)
        return None
    dimension = DIMENSIONS.get(str(quantity.dimensionality))
    return None if dimension is None else Unit(code, dimension, float(quantity.magnitude))


@cache
def _ucum() -> tuple[Callable[[str], Any], Callable[[Any], Any]]:
    """Return what parses a UCUM code, and what makes a quantity of it; the library's own registry would do so twice."""
    from ucumvert import UcumToPintTransformer, get_ucum_parser, parse_ucum

    return partial(parse_ucum, parser=get_ucum_parser()), UcumToPintTransformer().transform
