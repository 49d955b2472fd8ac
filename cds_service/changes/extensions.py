"""Extensions of an action: stance, class, direction, what UNKNOWN does, notes, override reasons, the dose check."""

from collections.abc import Iterator
from typing import Any

from cds_service.changes.about import About, Teller, item, saying
from cds_service.changes.change import Change, Kind
from cds_service.changes.differences import ABSENT, at, differs, items
from cds_service.changes.names import Names
from cds_service.changes.values import extension_words
from cds_service.changes.when import ON_UNKNOWN_WORDS, compare_expressions
from cds_service.core import plan as p


def compare_extensions(about: About, old: Any, new: Any) -> Iterator[Change]:
    """Return the changes of two lists of extensions, those of one address held against each other."""
    before, after = items(old), items(new)
    for url in dict.fromkeys(at(each, "url") for each in (*before, *after)):
        one, other = ([each for each in them if at(each, "url") == url] for them in (before, after))
        if differs(one, other):
            yield from about.each_item(EXTENSIONS.get(str(url), _other(url)), one, other)


def _other(url: Any) -> Teller:
    return item(Kind.OTHER, f"Extension {url}", extension_words)


def _on_unknown(_: Names, extension: Any) -> str:
    return ON_UNKNOWN_WORDS.get(str(at(extension, "valueCode")), str(at(extension, "valueCode")))


def _note(about: About, old: Any, new: Any) -> Iterator[Change]:
    if old is ABSENT or new is ABSENT:
        yield from item(Kind.NOTE, "Note", _note_text)(about, old, new)
        return
    before, after = ({at(each, "url"): each for each in items(at(them, "extension"))} for them in (old, new))
    for url in dict.fromkeys((*before, *after)):
        one, other = before.get(url, ABSENT), after.get(url, ABSENT)
        yield from about.tell(NOTE_PARTS.get(str(url)), one, other)


def _note_text(_: Names, extension: Any) -> str:
    texts = [at(each, "valueMarkdown") for each in items(at(extension, "extension"))]
    return " ".join(each for each in texts if isinstance(each, str))


def _note_condition(about: About, old: Any, new: Any) -> Iterator[Change]:
    texts = [at(each, "valueExpression", "expression") for each in (old, new)]
    yield from compare_expressions(about, "Condition of a note", *texts)


def _dose_check(about: About, old: Any, new: Any) -> Iterator[Change]:
    before, after = (items(at(each, "extension")) for each in (old, new))
    for url in dict.fromkeys(at(each, "url") for each in (*before, *after)):
        one, other = ([each for each in them if at(each, "url") == url] for them in (before, after))
        yield from about.each_item(item(Kind.DOSE, f"Dose check, {url}", extension_words), one, other)


NOTE_PARTS: dict[str, Teller] = {
    "text": saying(Kind.WORDING, "Note", extension_words),
    "condition": _note_condition,
    "on-unknown": saying(Kind.CONDITION, "Note when the data do not decide", _on_unknown),
}
EXTENSIONS: dict[str, Teller] = {
    p.STRENGTH: saying(Kind.STANCE, "Stance", extension_words),
    p.QUALITY: saying(Kind.EVIDENCE, "Evidence class", extension_words),
    p.EVIDENCE_FROM: saying(Kind.EVIDENCE, "Evidence from", extension_words),
    p.DIRECTION: saying(Kind.DIRECTION, "Direction", extension_words),
    p.ON_UNKNOWN: saying(Kind.CONDITION, "When the data do not decide", _on_unknown),
    p.CONDITIONAL_NOTE: _note,
    p.OVERRIDE_REASON: item(Kind.OVERRIDE, "Override reason", extension_words),
    p.DOSE_CHECK: _dose_check,
    p.NOT_REPEATED_FOR: saying(Kind.PLAN, "Not told again at another hook for", extension_words),
}
