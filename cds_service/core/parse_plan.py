"""PlanDefinition JSON -> Plan. Every element is read, or is on the list of documentation, or is refused."""

from collections.abc import Callable, Mapping
from typing import Any

from cds_service.core import plan as p
from cds_service.core.fhirpath.condition import Condition, compile_condition
from cds_service.core.fhirpath.parser import FhirPathError
from cds_service.core.parse_contained import Contained
from cds_service.core.parse_service import parse_hook, parse_not_repeated, parse_prefetch
from cds_service.core.units import NO_UNITS, Units

Json = Mapping[str, Any]
Report = Callable[[str, str, str], None]
DOCUMENTATION = frozenset(
    """
    resourceType meta identifier name subtitle experimental date publisher contact useContext jurisdiction purpose
    usage copyright approvalDate lastReviewDate effectivePeriod author editor reviewer endorser type text
    """.split()
)
PLAN_ELEMENTS = frozenset("id url version title description status topic relatedArtifact action contained".split())
ACTION_ELEMENTS = frozenset(
    """
    id title description priority code extension condition documentation definitionCanonical groupingBehavior
    selectionBehavior trigger input action textEquivalent type dynamicValue
    """.split()
)
ACTION_EXTENSIONS = frozenset(
    {
        p.STRENGTH,
        p.QUALITY,
        p.DIRECTION,
        p.ON_UNKNOWN,
        p.CONDITIONAL_NOTE,
        p.EVIDENCE_FROM,
        p.OVERRIDE_REASON,
        p.DOSE_CHECK,
        p.NOT_REPEATED_FOR,
    }
)
RELATED = frozenset({"derived-from", "predecessor", "successor", "depends-on"})
UNKNOWN_MEANS = {"apply": True, "withhold": False}


def parse_plan(source: Json, report: Report, units: Units = NO_UNITS) -> p.Plan:
    """Return the plan of a PlanDefinition that is valid FHIR R4.

    Every element that is not interpreted, and every condition that does not compile, goes to `report(path, reason,
    fix)`; the caller refuses the plan when anything was reported.
    """
    _refuse_others(source, PLAN_ELEMENTS | DOCUMENTATION, "PlanDefinition", report)
    related, contained = source.get("relatedArtifact", []), Contained(source, units, report)
    for i, item in enumerate(related):
        if item.get("type") not in RELATED:
            path, fix = f"PlanDefinition.relatedArtifact[{i}].type", f"use {', '.join(sorted(RELATED))}."
            report(path, "this type is not interpreted.", fix)
    return p.Plan(
        id=source.get("id", ""),
        url=source.get("url", ""),
        version=source.get("version", ""),
        title=source.get("title", ""),
        description=source.get("description", ""),
        status=source.get("status", ""),
        topic=_first_coding(source.get("topic", [])),
        citations=tuple(_citation(item) for item in related if item.get("type") == "derived-from"),
        predecessors=tuple(item.get("resource", "") for item in related if item.get("type") == "predecessor"),
        successors=tuple(item.get("resource", "") for item in related if item.get("type") == "successor"),
        actions=tuple(
            _action(item, f"PlanDefinition.action[{i}]", contained, report)
            for i, item in enumerate(source.get("action", []))
        ),
        regimens=contained.regimens(),
    )


def _refuse_others(source: Json, known: frozenset[str], path: str, report: Report) -> None:
    for name in source:
        if name.lstrip("_") not in known:
            fix = "remove it, or say it in an element that is interpreted (docs/authoring.md lists them)."
            report(f"{path}.{name}", "this element is not interpreted.", fix)


def _citation(item: Json) -> p.Citation:
    return p.Citation(item.get("label", ""), item.get("display", ""), item.get("citation", ""), item.get("url", ""))


def _first_coding(concepts: list[Json]) -> Json | None:
    codings = [coding for concept in concepts for coding in concept.get("coding", [])]
    return codings[0] if codings else None


def _action(source: Json, path: str, contained: Contained, report: Report) -> p.Action:
    _refuse_others(source, ACTION_ELEMENTS, path, report)
    extensions = source.get("extension", [])
    for extension in extensions:
        if extension.get("url") not in ACTION_EXTENSIONS:
            report(f"{path}.extension", "this extension is not interpreted.", "remove it.")
    return p.Action(
        id=source.get("id", ""),
        title=source.get("title"),
        description=source.get("description"),
        priority=_priority(source, path, report),
        **_keys(source, path, report),
        stance=_coded(extensions, p.STRENGTH),
        evidence_class=_coded(extensions, p.QUALITY),
        direction=_coded(extensions, p.DIRECTION),
        evidence_from=_value(extensions, p.EVIDENCE_FROM, "valueCode"),
        condition=_condition(source.get("condition", []), path, report),
        applies_on_unknown=_on_unknown(source, extensions, path, report),
        notes=_notes(extensions, path, report),
        links=tuple(
            p.Link(item.get("display", ""), item["url"]) for item in source.get("documentation", []) if "url" in item
        ),
        sources=frozenset(item["label"] for item in source.get("documentation", []) if "label" in item),
        definition=None if source.get("type") else source.get("definitionCanonical"),
        alternatives=_selection(source, path, report) == "exactly-one",
        first_only=source.get("selectionBehavior") == "at-most-one",
        is_card=_grouping(source, path, report) == "visual-group",
        selection=source.get("selectionBehavior"),
        suggestion=contained.suggestion(source, path),
        override_reasons=tuple(each["valueCoding"] for each in extensions if "valueCoding" in each),
        dose_rules=contained.dose_rules(extensions, path),
        hook=parse_hook(source, path, report),
        not_repeated_s=parse_not_repeated(extensions, path, report),
        prefetch=tuple(
            parse_prefetch(item, f"{path}.input[{i}]", report) for i, item in enumerate(source.get("input", []))
        ),
        children=tuple(
            _action(item, f"{path}.action[{i}]", contained, report) for i, item in enumerate(source.get("action", []))
        ),
    )


def _priority(source: Json, path: str, report: Report) -> str | None:
    priority = source.get("priority")
    if priority is not None and priority not in p.INDICATORS:
        report(f"{path}.priority", "no card indicator stands for this priority.", "use routine, urgent or stat.")
    return priority


def _selection(source: Json, path: str, report: Report) -> str | None:
    behavior = source.get("selectionBehavior")
    suggests = _has_suggestions(source) or source.get("groupingBehavior") == "visual-group"
    if suggests and behavior not in ("any", "at-most-one"):
        report(f"{path}.selectionBehavior", "the card may have suggestions.", "say any or at-most-one.")
    elif not suggests and behavior not in (None, "exactly-one", "at-most-one"):
        report(f"{path}.selectionBehavior", "not interpreted.", "use exactly-one or at-most-one, or leave it out.")
    return behavior


def _has_suggestions(source: Json) -> bool:
    return any("type" in child for child in source.get("action", []))


def _grouping(source: Json, path: str, report: Report) -> str | None:
    behavior = source.get("groupingBehavior")
    if behavior not in (None, "visual-group", "logical-group"):
        report(f"{path}.groupingBehavior", "not interpreted.", "use visual-group for one card, or leave it out.")
    return behavior


def _keys(source: Json, path: str, report: Report) -> dict[str, str]:
    names = {p.DISORDER: "disorder", p.RISK: "risk", p.NOTICE: "notice"}
    found = {}
    for concept in source.get("code", []):
        for coding in concept.get("coding", []):
            if coding.get("system") in names:
                found[names[coding["system"]]] = coding.get("code", "")
            else:
                report(f"{path}.code", "not a code of our disorder, risk or notice CodeSystem.", "use one of them.")
    return found


def _value(extensions: list[Json], url: str, name: str) -> Any:
    return next((extension.get(name) for extension in extensions if extension.get("url") == url), None)


def _coded(extensions: list[Json], url: str) -> str | None:
    concept = _value(extensions, url, "valueCodeableConcept")
    coding = _first_coding([concept]) if concept else None
    return coding.get("code") if coding else None


def _condition(conditions: list[Json], path: str, report: Report) -> Condition | None:
    if len(conditions) > 1:
        report(f"{path}.condition[1]", "an action has one condition.", "join them with 'and' in one expression.")
    for i, condition in enumerate(conditions[:1]):
        if condition.get("kind") != "applicability":
            report(f"{path}.condition[{i}].kind", "only applicability is interpreted.", "use kind applicability.")
        return _compiled(condition.get("expression", {}), f"{path}.condition[{i}].expression", report)
    return None


def _compiled(expression: Json, path: str, report: Report) -> Condition | None:
    if expression.get("language") != "text/fhirpath":
        report(f"{path}.language", "conditions are written in FHIRPath.", "use language text/fhirpath.")
        return None
    try:
        return compile_condition(expression.get("expression", ""))
    except FhirPathError as error:
        report(path, f"the condition does not compile: {error}", "see 'Conditions' in docs/authoring.md.")
        return None


def _on_unknown(source: Json, extensions: list[Json], path: str, report: Report) -> bool:
    choice = _value(extensions, p.ON_UNKNOWN, "valueCode")
    if source.get("condition") and choice not in UNKNOWN_MEANS:
        reason = "the plan does not say what the action does when its condition is UNKNOWN."
        report(f"{path}.extension", reason, f"add the extension {p.ON_UNKNOWN} with valueCode apply or withhold.")
    return UNKNOWN_MEANS.get(choice, False)


def _notes(extensions: list[Json], path: str, report: Report) -> tuple[p.Note, ...]:
    found = []
    for extension in extensions:
        if extension.get("url") == p.CONDITIONAL_NOTE:
            parts = extension.get("extension", [])
            expression = _value(parts, "condition", "valueExpression") or {}
            condition = _compiled(expression, f"{path}.extension(conditional-note)", report)
            text = _value(parts, "text", "valueMarkdown")
            if not text:
                report(f"{path}.extension(conditional-note)", "the note has no text.", "add text as valueMarkdown.")
            if condition and text:
                found.append(
                    p.Note(condition, text, UNKNOWN_MEANS.get(_value(parts, "on-unknown", "valueCode"), False))
                )
    return tuple(found)
