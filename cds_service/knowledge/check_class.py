"""Whether the words of a card name the class of evidence that its action has as a code."""

from collections.abc import Iterator, Mapping

from cds_service.core.plan import EVIDENCE_CLASS, Action
from cds_service.core.text import Words, words
from cds_service.knowledge.check_action import Breach
from cds_service.knowledge.check_coded import OwnCodes


def check_class(action: Action, own_codes: OwnCodes) -> Iterator[Breach]:
    """Return where title or description name another class before that of the action; without one, all may be named."""
    displays = {code: each for (system, code), each in own_codes.displays.items() if system == EVIDENCE_CLASS}
    own = displays.get(action.evidence_class or "")
    for element, text in (("title", action.title), ("description", action.description)):
        first = _first(words(text or ""), displays)
        if own and first and first != own:
            reason = f"the {element} names {first} first, and the evidence class is {own}."
            fix = "correct the words or the code; of several classes, name that of the recommendation first."
            yield f"action({action.id or '?'}).{element}", reason, fix


def _first(spoken: Words, displays: Mapping[str, str]) -> str | None:
    """Return the display that stands first in a text; of several at one place, the longest."""
    named = {display: words(display) for display in displays.values()}
    for start in range(len(spoken)):
        found = [display for display, name in named.items() if name and spoken[start : start + len(name)] == name]
        if found:
            return max(found, key=len)
    return None
