"""PlanDefinitions: status, sources, regimens, and the actions."""

from collections.abc import Iterator
from typing import Any

from cds_service.changes.about import About, Tellers, item, saying
from cds_service.changes.action import compare_actions
from cds_service.changes.change import Change, Kind
from cds_service.changes.differences import ABSENT, at, items
from cds_service.changes.names import Names
from cds_service.changes.terms import VERSIONS
from cds_service.changes.values import amount_words, coded_words, timing_words

STATUS = {"active": "active (in use)", "retired": "retired (never fires)", "draft": "draft (never fires)"}
ROLES = {"predecessor": "replaces", "successor": "replaced by", "depends-on": "holds"}


def _status(_: Names, value: Any) -> str:
    return STATUS.get(str(value), str(value))


def _sources(about: About, old: Any, new: Any) -> Iterator[Change]:
    first, then = (_governing(each) for each in (old, new))
    if first != then and old is not ABSENT:
        yield about.change(Kind.EVIDENCE, "Governing statement", first, then)
    yield from about.each_item(item(Kind.SOURCE, "Source", _source), old, new)


def _governing(related: Any) -> str:
    """Return the label of the first statement that a plan is derived from: it speaks on the card."""
    labels = [at(each, "label") for each in items(related) if at(each, "type") == "derived-from"]
    return str(labels[0]) if labels else "none"


def _source(names: Names, related: Any) -> str:
    kind, resource = at(related, "type"), at(related, "resource")
    if kind in ROLES:
        return f"{ROLES[kind]} {names.title(str(resource))}"
    parts = [at(related, name) for name in ("label", "display", "citation", "url")]
    return ", ".join(str(each) for each in parts if each)


def _contained(about: About, old: Any, new: Any) -> Iterator[Change]:
    yield from about.each_item(_regimen, old, new, "Order of its regimens")


def _regimen(about: About, old: Any, new: Any) -> Iterator[Change]:
    held = old if new is ABSENT else new
    is_regimen = at(held, "dosage") is not None
    kind, what = (Kind.DOSE, "Regimen") if is_regimen else (Kind.SUGGESTION, "Order to suggest")
    if old is ABSENT or new is ABSENT:
        yield from item(kind, what, _regimen_words)(about, old, new)
        return
    place = about.within("", f", in “{at(new, 'title') or at(new, 'id')}”")
    yield from place.elements(_tellers(kind, what), old, new)


def _regimen_words(names: Names, held: Any) -> str:
    doses = [each for one in items(at(held, "dosage")) for each in _dose(names, one)]
    source = ", ".join(str(at(each, "display")) for each in items(at(held, "relatedArtifact")))
    return "; ".join(str(each) for each in (at(held, "title") or at(held, "id"), *doses, source) if each)


def _dose(names: Names, dosage: Any) -> list[str]:
    said = amount_words(names, at(dosage, "doseAndRate")), timing_words(names, at(dosage, "timing"))
    return [" ".join(each for each in said if each)]


def _tellers(kind: Kind, what: str) -> Tellers:
    return {
        "title": saying(kind, f"{what}, title"),
        "description": saying(Kind.WORDING, f"{what}, text"),
        "code": saying(kind, f"{what}, code", coded_words),
        "dosage": lambda about, old, new: about.each_item(_dosage, old, new),
        "relatedArtifact": lambda about, old, new: about.each_item(
            item(Kind.SOURCE, f"{what}, source", _source), old, new
        ),
    }


def _dosage(about: About, old: Any, new: Any) -> Iterator[Change]:
    tellers: Tellers = {
        "text": saying(Kind.DOSE, "Dose in words"),
        "doseAndRate": saying(Kind.DOSE, "Dose", amount_words),
        "timing": saying(Kind.DOSE, "Time of the doses", timing_words),
    }
    yield from about.elements(tellers, old, new)


PLAN: Tellers = {
    **VERSIONS,
    "approvalDate": saying(Kind.VERSION, "Approved on"),
    "lastReviewDate": saying(Kind.VERSION, "Last reviewed on"),
    "title": saying(Kind.WORDING, "Title of the plan"),
    "description": saying(Kind.WORDING, "Description of the plan"),
    "status": saying(Kind.PLAN, "Status", _status),
    "relatedArtifact": _sources,
    "contained": _contained,
    "action": compare_actions,
}
