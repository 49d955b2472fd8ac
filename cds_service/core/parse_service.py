"""What makes a plan a service: its trigger, the data it asks for, and for how long advice is not repeated."""

from collections.abc import Callable, Mapping
from typing import Any

from cds_service.core import plan as p

Json = Mapping[str, Any]
Report = Callable[[str, str, str], None]
SECONDS = {"min": 60, "h": 3_600, "d": 86_400}


def parse_hook(source: Json, path: str, report: Report) -> str | None:
    """Return the CDS Hooks hook that triggers an action (TriggerDefinition, named-event); None without a trigger."""
    triggers = source.get("trigger", [])
    if any(trigger.get("type") != "named-event" for trigger in triggers) or len(triggers) > 1:
        report(f"{path}.trigger", "a service has one trigger, of type named-event.", "name the hook: order-select.")
    if any(trigger.get("type") == "named-event" and not trigger.get("name") for trigger in triggers):
        report(f"{path}.trigger", "the trigger names no hook.", "name the hook: order-select.")
    return triggers[0].get("name") if triggers else None


def parse_prefetch(source: Json, path: str, report: Report) -> p.Prefetch:
    """Return the prefetch key that a DataRequirement asks for."""
    extensions = {each.get("url"): each for each in source.get("extension", [])}
    query = extensions.get(p.QUERY_PATTERN, {}).get("valueString")
    if not query or not source.get("id"):
        report(path, "a data requirement needs an id (the prefetch key) and a query.", f"add {p.QUERY_PATTERN}.")
    required = bool(extensions.get(p.PREFETCH_REQUIRED, {}).get("valueBoolean"))
    return p.Prefetch(source.get("id", ""), query or "", required)


def parse_not_repeated(extensions: list[Json], path: str, report: Report) -> int:
    """Return for how many seconds advice given at an earlier hook is not repeated; 0: it is always given."""
    found = next((each.get("valueDuration", {}) for each in extensions if each.get("url") == p.NOT_REPEATED_FOR), None)
    if found is None:
        return 0
    value, unit = found.get("value", 0), SECONDS.get(found.get("code", ""))
    if unit is None or value <= 0:
        reason = "the time for which advice is not repeated cannot be read."
        report(f"{path}.extension(not-repeated-for)", reason, "give a valueDuration above 0 with code min, h or d.")
        return 0
    return int(value * unit)
