"""What a plan says of doses and suggestions: contained ActivityDefinitions, dose-check, action.type."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cds_service.core.dose.dosage import Dosage, read_dose
from cds_service.core.dose.regimens import AdjustedWeight, DoseRules, Regimen
from cds_service.core.dose.timing import Span
from cds_service.core.plan import ACTION_TYPE, DOSE_CHECK, Suggestion
from cds_service.core.resources import Quantity
from cds_service.core.units import Amount, Units

Json = Mapping[str, Any]
Report = Callable[[str, str, str], None]
TYPES = {"create": "create", "update": "update", "remove": "delete"}
CHANGES = {"reason": "%matched", "dose": "%dose.meant"}
PER_KILOGRAM = "g/kg"
CONTAINED = frozenset(
    """
    resourceType id status kind title description relatedArtifact dosage code intent name purpose usage experimental
    """.split()
)


class Contained:
    """The ActivityDefinitions of one plan: regimens (with a dosage) and orders to suggest (with a code)."""

    def __init__(self, source: Json, units: Units, report: Report) -> None:
        self._units, self._report = units, report
        self._by_id: dict[str, Json] = {}
        for i, each in enumerate(source.get("contained", [])):
            path = f"PlanDefinition.contained[{i}]"
            if each.get("resourceType") != "ActivityDefinition":
                report(path, "only ActivityDefinitions are interpreted here.", "remove it.")
                continue
            for name in sorted(set(each) - CONTAINED):
                report(f"{path}.{name}", "this element is not interpreted.", "remove it.")
            self._by_id[each.get("id", "")] = each
        linked = {item.get("resource") for item in source.get("relatedArtifact", []) if item["type"] == "depends-on"}
        for odd in sorted(linked ^ {f"#{name}" for name in self._by_id}, key=str):
            fix = "list each contained resource as a relatedArtifact of type depends-on with its '#id'."
            report("PlanDefinition.contained", f"{odd} is contained or referred to, but not both.", fix)

    def regimens(self) -> tuple[Regimen, ...]:
        """Return the courses that the plan's sources describe."""
        found = [self._regimen(name, each) for name, each in self._by_id.items() if "dosage" in each]
        return tuple(each for each in found if each)

    def _regimen(self, name: str, source: Json) -> Regimen | None:
        sources = [item for item in source.get("relatedArtifact", []) if item.get("type") == "derived-from"]
        dosages, target = source.get("dosage", []), self._units.find(PER_KILOGRAM)
        dose = read_dose(msgspec.convert(dosages[0], Dosage), self._units) if len(dosages) == 1 else None
        ends = [end.to(target) for end in dose.amount] if dose and target else []
        path = f"PlanDefinition.contained({name})"
        if not source.get("title") or not sources or not all(item.get("display") for item in sources):
            self._report(
                path, "the regimen does not say what it is or where it stands.", "add title and relatedArtifact."
            )
        if dose is None or len(ends) != 2 or None in ends:
            self._report(f"{path}.dosage", "no amount of a course per kg.", "give one dosage with a dose in g/kg.")
            return None
        if dose.schedule.every and dose.schedule.times > 1:
            self._report(f"{path}.dosage", "several infusions in one period are not read.", "give frequency 1.")
        label = "; ".join(item.get("display", "") for item in sources)
        low, high = (end or 0.0 for end in ends)
        days = dose.schedule.days if _gives_days(dosages[0]) else None
        return Regimen(source.get("title", ""), label, Span(low, high), dose.schedule.every, days)

    def suggestion(self, source: Json, path: str) -> Suggestion | None:
        """Return what a suggestion does; None for an action that is none."""
        if "type" not in source:
            return None
        codings = source["type"].get("coding", [])
        kind = next((TYPES.get(each.get("code")) for each in codings if each.get("system") == ACTION_TYPE), None)
        if kind is None:
            self._report(f"{path}.type", "no type of suggestion.", f"use create, update or remove of {ACTION_TYPE}.")
            return None
        element = self._change(source, path) if kind == "update" else None
        return Suggestion(kind, element, self._template(source, path) if kind == "create" else None)

    def _change(self, source: Json, path: str) -> str | None:
        changes = [
            (each.get("path"), each.get("expression", {}).get("expression")) for each in source.get("dynamicValue", [])
        ]
        if len(changes) == 1 and CHANGES.get(changes[0][0]) == changes[0][1]:
            return str(changes[0][0])
        known = ", ".join(f"{name} = {value}" for name, value in CHANGES.items())
        self._report(f"{path}.dynamicValue", "this change of the order is not interpreted.", f"use one of {known}.")
        return None

    def _template(self, source: Json, path: str) -> Json | None:
        wanted = self._by_id.get(source.get("definitionCanonical", "").removeprefix("#"), {})
        concept = wanted.get("code", {})
        codings = concept.get("coding", [])
        complete = all(each.get("system") and each.get("code") and each.get("display") for each in codings)
        if wanted.get("kind") == "ServiceRequest" and concept.get("text") and codings and complete:
            return concept  # type: ignore[no-any-return]
        fix = "name a contained ActivityDefinition of kind ServiceRequest whose code has a text and a coding."
        self._report(f"{path}.definitionCanonical", "nothing to create is named.", fix)
        return None

    def dose_rules(self, extensions: list[Json], path: str) -> DoseRules | None:
        """Return how a dose is read and compared; None for an action without the extension dose-check."""
        found = [each for each in extensions if each.get("url") == DOSE_CHECK]
        if not found:
            return None
        try:
            return _dose_rules(_Parts(found[0].get("extension", []), self._units))
        except (KeyError, IndexError, ValueError) as error:
            fix = "see 'Doses' in docs/authoring.md."
            self._report(f"{path}.extension(dose-check)", f"incomplete or not readable: {error}.", fix)
            return None


def _gives_days(dosage: Json) -> bool:
    return "duration" in dosage.get("timing", {}).get("repeat", {})


class _Parts:
    """The parts of a complex extension by url; a missing one raises KeyError, an unknown unit ValueError."""

    def __init__(self, extensions: list[Json], units: Units) -> None:
        self._extensions, self._units = extensions, units

    def all(self, url: str, kind: str) -> list[Any]:
        return [each[kind] for each in self._extensions if each.get("url") == url]

    def one(self, url: str, kind: str) -> Any:
        (found,) = self.all(url, kind) or [None]
        if found is None:
            raise KeyError(url)
        return found

    def amount(self, url: str, kind: str = "valueQuantity") -> Amount:
        return self.read(self.one(url, kind), url)

    def read(self, source: Json, url: str) -> Amount:
        amount = self._units.amount(msgspec.convert(source, Quantity))
        if amount is None:
            raise ValueError(f"{url} has no known unit")
        return amount

    def limits(self, source: Json) -> tuple[Amount, Amount]:
        return self.read(source["low"], "low"), self.read(source["high"], "high")

    def nested(self, url: str) -> "list[_Parts]":
        return [_Parts(each, self._units) for each in self.all(url, "extension")]

    def days(self, url: str) -> float:
        day = self._units.find("d")
        found = self.amount(url, "valueDuration").to(day) if day else None
        if found is None:
            raise ValueError(f"{url} is no duration")
        return found

    def per_kilogram(self, url: str) -> Amount:
        unit = self._units.find(PER_KILOGRAM)
        found = self.amount(url).to(unit) if unit else None
        if found is None or unit is None:
            raise ValueError(f"{url} is no amount per kg")
        return Amount(found, unit)


def _dose_rules(parts: _Parts) -> DoseRules:
    plausible = parts.one("plausible-weight", "valueRange")
    adjusted = parts.nested("adjusted-weight")
    return DoseRules(
        weight=parts.one("weight", "valueCanonical"),
        height=parts.one("height", "valueCanonical"),
        weight_days=parts.days("weight-window"),
        plausible=parts.limits(plausible),
        adult_years=int(next(iter(parts.all("adult-years", "valueInteger")), 0)),
        plausible_adult=next(map(parts.limits, parts.all("plausible-adult-weight", "valueRange")), None),
        highest=parts.per_kilogram("highest-course"),
        tolerance=float(parts.one("tolerance", "valueDecimal")),
        gap_days=parts.days("course-gap"),
        close_days=parts.days("close-interval"),
        slips=tuple(sorted(parts.all("slip", "valueInteger"))),
        concentrations=tuple(
            (each.one("products", "valueCanonical"), each.amount("strength")) for each in parts.nested("concentration")
        ),
        adjusted=_adjusted(adjusted[0]) if adjusted else None,
    )


def _adjusted(parts: _Parts) -> AdjustedWeight:
    base = {sex: parts.amount(sex) for sex in ("male", "female")}
    return AdjustedWeight(
        base, parts.amount("per-inch"), parts.amount("above"), float(parts.one("fraction", "valueDecimal"))
    )
