"""Values of FHIR elements in words: quantities, ranges, times, codes, and what an extension holds."""

from typing import Any

from cds_service.changes.differences import at, canonical, items
from cds_service.changes.names import Names

UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


def coded_words(names: Names, value: Any) -> str | None:
    """Return a CodeableConcept, or a list of them, by the names of its codes."""
    concepts = value if isinstance(value, list) else [value]
    found = [names.code(coding) for concept in concepts for coding in items(at(concept, "coding"))]
    return ", ".join(found) or None


def quantity_words(value: Any) -> str | None:
    """Return a Quantity, Duration or Range: '2 g/kg', '0.4 to 350 kg'."""
    if at(value, "low") is not None or at(value, "high") is not None:
        low, high = (quantity_words(at(value, name)) or "no limit" for name in ("low", "high"))
        unit = f" {at(value, 'high', 'unit')}"
        return f"{low.removesuffix(unit)} to {high}"
    if at(value, "value") is None:
        return None
    unit = at(value, "unit") or at(value, "code") or ""
    return f"{at(value, 'value')} {unit}".strip()


def timing_words(_: Names, value: Any) -> str | None:
    """Return the timing of a dose: 'over 2 to 5 days, every 3 weeks'."""
    repeat = at(value, "repeat")
    over = _span(at(repeat, "duration"), at(repeat, "durationMax"), at(repeat, "durationUnit"))
    every = _span(at(repeat, "period"), at(repeat, "periodMax"), at(repeat, "periodUnit"))
    times = at(repeat, "frequency")
    parts = [f"over {over}" if over else "", f"{times} times" if times not in (None, 1) else ""]
    return ", ".join([each for each in (*parts, f"every {every}" if every else "") if each]) or None


def _span(least: Any, most: Any, unit: Any) -> str:
    if least is None:
        return ""
    number = f"{least} to {most}" if most is not None else f"{least}"
    name = UNITS.get(str(unit), str(unit))
    return f"{number} {name}" if number == "1" else f"{number} {name}s"


def amount_words(_: Names, value: Any) -> str | None:
    """Return the amounts of a dose: '0.5 g/kg'."""
    found = [quantity_words(at(each, "doseQuantity") or at(each, "doseRange")) for each in items(value)]
    return ", ".join(each for each in found if each) or None


def extension_words(names: Names, extension: Any) -> str | None:
    """Return what an extension holds; the parts of one that has parts by their names."""
    parts = items(at(extension, "extension"))
    if parts:
        return ", ".join(f"{at(each, 'url')}: {extension_words(names, each)}" for each in parts)
    value = next((each for name, each in extension.items() if name.startswith("value")), None)
    return None if value is None else value_words(names, value)


def value_words(names: Names, value: Any) -> str:
    """Return any value in words, or as it stands."""
    if isinstance(value, str):
        return names.titles.get(value, value)
    if isinstance(value, dict):
        coded = names.code(value) if "code" in value and "value" not in value else None
        return coded_words(names, value) or quantity_words(value) or coded or canonical(value)
    return canonical(value)
