"""One thing that differs between two sets of artifacts, as a clinician reads it."""

from dataclasses import dataclass
from enum import Enum

Coded = tuple[str, str]


class Section(Enum):
    """What a clinician signs first, and what last."""

    WARNING = "To mend before this is signed"
    ADVICE = "What is advised, and for whom"
    WORDING = "Wording"
    REST = "The rest"


class Kind(Enum):
    """What a change is about, the most dangerous first, with the section it belongs to."""

    WARNING = "warning", Section.WARNING
    PLAN = "plan", Section.ADVICE
    STANCE = "stance", Section.ADVICE
    DIRECTION = "direction", Section.ADVICE
    EVIDENCE = "evidence", Section.ADVICE
    CONDITION = "condition", Section.ADVICE
    CODES = "codes", Section.ADVICE
    NAMES = "names", Section.ADVICE
    DOSE = "dose", Section.ADVICE
    NOTE = "note", Section.ADVICE
    INDICATOR = "indicator", Section.ADVICE
    DATA = "data", Section.ADVICE
    SUGGESTION = "suggestion", Section.ADVICE
    OVERRIDE = "override reason", Section.ADVICE
    MEANING = "meaning", Section.ADVICE
    WORDING = "wording", Section.WORDING
    SOURCE = "source", Section.REST
    EXPRESSION = "expression", Section.REST
    OTHER = "other", Section.REST
    VERSION = "version", Section.REST

    def __init__(self, label: str, section: Section) -> None:
        self.label = label
        self.section = section


WEIGHT = {kind: weight for weight, kind in enumerate(Kind)}


@dataclass(frozen=True)
class Change:
    """One change of an artifact (its type and id): what differs, and how it was and is; None: it is not there.

    `coded` is the system and code that it is about, where it is about one code of a value set.
    """

    artifact: str
    title: str
    kind: Kind
    what: str
    old: str | None = None
    new: str | None = None
    coded: Coded | None = None

    @property
    def sentence(self) -> str:
        """Return the change in one line."""
        values = " → ".join(each for each in (self.old, self.new) if each is not None)
        return f"{self.what}: {values}" if values else self.what
