"""Rules for what an action says and offers: placeholders, units, override reasons, suggestions, cards of lines."""

from collections.abc import Iterator, Mapping

from cds_service.core.plan import BASE, Action
from cds_service.core.template import DOSE_PLACEHOLDERS, PLACEHOLDERS, names_in
from cds_service.core.units import Units
from cds_service.knowledge.concepts import every
from cds_service.knowledge.read import Artifact

OVERRIDE_REASONS = f"{BASE}/ValueSet/override-reasons"
Breach = tuple[str, str, str]
Reasons = Mapping[tuple[str, str], str]


def asked_sets(action: Action) -> set[str]:
    """Return the urls of the value sets that an action asks about."""
    urls = {url for condition in action.conditions for url in condition.value_sets}
    return urls | action.dose_rules.value_sets if action.dose_rules else urls


def override_reasons(terms: list[Artifact]) -> Reasons:
    """Return the display of every reason that a card may offer, by system and code."""
    found = [each.source for each in terms if each.source.get("url") == OVERRIDE_REASONS]
    return {
        (system, concept.get("code", "")): concept.get("display", "")
        for source in found
        for _, system, concept in every(source)
    }


def check_action(action: Action, units: Units, reasons: Reasons) -> list[Breach]:
    """Return the breaches of one action."""
    path = f"action({action.id or '?'})"
    found = [*_texts(action, path), *_units(action, path, units), *_reasons(action, path, reasons)]
    return [*found, *_suggestion(action, path), *_card_of_lines(action, path)]


def _texts(action: Action, path: str) -> Iterator[Breach]:
    allowed = PLACEHOLDERS if action.suggestion else DOSE_PLACEHOLDERS if action.risk else frozenset()
    texts = [(text, allowed) for text in (action.title, action.description)]
    for text, known in [*texts, *((note.text, DOSE_PLACEHOLDERS) for note in action.notes)]:
        for name in sorted(set(names_in(text or "")) - known):
            fix = f"use one of {', '.join(sorted(known))}." if known else "a text of this card has no placeholders."
            yield f"{path}.description", f"{{{{{name}}}}} stands for nothing here.", fix


def _units(action: Action, path: str, units: Units) -> Iterator[Breach]:
    for unit in sorted({unit for condition in action.conditions for unit in condition.units}):
        if unit not in units.by_code and unit != "1":
            yield f"{path}.condition", f"{unit!r} is no code of the value set units.", "correct it or add it there."


def _reasons(action: Action, path: str, reasons: Reasons) -> Iterator[Breach]:
    alarming = action.makes_card and (action.is_card or action.priority in ("urgent", "stat"))
    if alarming and not action.override_reasons:
        reason = "a warning or critical card offers no reason to override it."
        yield f"{path}.extension", reason, "add the extension override-reason."
    for each in action.override_reasons:
        known = reasons.get((each.get("system", ""), each.get("code", "")))
        if known is None or known != each.get("display"):
            reason = f"{each.get('code')} is no reason of {OVERRIDE_REASONS}, or has another display there."
            yield f"{path}.extension(override-reason)", reason, "use a concept of that value set as it stands there."


def _suggestion(action: Action, path: str) -> Iterator[Breach]:
    if action.suggestion and not (action.title and action.description):
        yield path, "a suggestion needs a label and a description.", "add title and description."
    if action.suggestion and action.children:
        yield path, "a suggestion has no actions of its own.", "move them beside it."
    if action.suggestions and not (action.makes_card or action.risk):
        yield path, "there is no card here that could carry a suggestion.", "move it to an action that makes a card."


def _card_of_lines(action: Action, path: str) -> Iterator[Breach]:
    if action.is_card and not any(child.suggestion is None for child in action.children):
        yield path, "a visual-group without a risk makes no card.", "add risks, or references to plans that hold them."
    if action.is_card and (action.stance or action.notice or action.risk or action.alternatives):
        yield (
            path,
            "a visual-group is a card of lines and nothing else.",
            "put stance, notice or risk on its own action.",
        )
