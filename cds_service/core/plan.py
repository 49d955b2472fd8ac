"""PlanDefinition -> Plan, Action: frozen, with compiled conditions. What is not interpreted is refused.

Elements (FHIR R4 PlanDefinition) and what they become:

- `action.title`, `action.description`, `action.priority`: summary, detail and indicator of a card;
- `action.code`: the key of a disorder, a risk or a notice (our own CodeSystems);
- extensions cqf-strengthOfRecommendation (stance), cqf-qualityOfEvidence (class), cpg-directionOfRecommendation;
- `action.condition` (applicability, text/fhirpath) with our extension on-unknown: what UNKNOWN does;
- our extensions conditional-note (a line of the detail that has a condition) and evidence-from (a citation's label);
- `action.documentation`: the links of a card; `relatedArtifact` derived-from: the statements, first the governing one;
- `action.definitionCanonical`: another plan; `selectionBehavior` exactly-one: its children are alternatives that the
  record does not decide between; at-most-one: the first child that applies is taken and the rest is not;
- `groupingBehavior` visual-group: one card for all the risks below it; our extension dose-check: how a dose is read;
- `action.type`: a suggestion of the card above it, with `dynamicValue` (what it changes) or a contained
  ActivityDefinition (what it creates); our extension override-reason: the reasons a card offers for overriding it;
- contained ActivityDefinitions with a `dosage`: the regimens that sources describe;
- `action.trigger` (the hook), `action.input` (the prefetch keys) and our extension not-repeated-for: a service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.core.dose.regimens import DoseRules, Regimen
from cds_service.core.fhirpath.condition import Condition

BASE = "http://cds-service.example.org/fhir"
DISORDER, RISK, NOTICE = (f"{BASE}/CodeSystem/{name}" for name in ("disorder", "risk", "notice"))
STANCE, EVIDENCE_CLASS = (f"{BASE}/CodeSystem/{name}" for name in ("stance", "aan-evidence-class"))
ON_UNKNOWN = f"{BASE}/StructureDefinition/on-unknown"
CONDITIONAL_NOTE = f"{BASE}/StructureDefinition/conditional-note"
EVIDENCE_FROM = f"{BASE}/StructureDefinition/evidence-from"
OVERRIDE_REASON = f"{BASE}/StructureDefinition/override-reason"
DOSE_CHECK = f"{BASE}/StructureDefinition/dose-check"
NOT_REPEATED_FOR = f"{BASE}/StructureDefinition/not-repeated-for"
ACTION_TYPE = "http://terminology.hl7.org/CodeSystem/action-type"
PREFETCH_REQUIRED = f"{BASE}/StructureDefinition/prefetch-required"
QUERY_PATTERN = "http://hl7.org/fhir/StructureDefinition/cqf-fhirQueryPattern"
STRENGTH = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"
DIRECTION = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-directionOfRecommendation"
INDICATORS = {"routine": "info", "urgent": "warning", "stat": "critical"}


@dataclass(frozen=True)
class Link:
    """A link of a card: label and absolute URL."""

    label: str
    url: str


@dataclass(frozen=True)
class Citation:
    """A statement a plan is derived from."""

    label: str
    display: str
    citation: str
    url: str


@dataclass(frozen=True)
class Note:
    """A line of the detail that is said when its condition is true."""

    condition: Condition
    text: str
    on_unknown: bool = False


@dataclass(frozen=True)
class Suggestion:
    """What a suggestion does to the order: CDS Hooks action type, the element it changes, the resource it creates."""

    type: str
    element: str | None = None
    template: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Prefetch:
    """One prefetch key of a service: CDS Hooks query template, and whether the service can do without."""

    key: str
    query: str
    required: bool


@dataclass(frozen=True)
class Action:
    """One action of a plan; what the artifact does not give is None."""

    id: str
    title: str | None = None
    description: str | None = None
    priority: str | None = None
    disorder: str | None = None
    risk: str | None = None
    notice: str | None = None
    stance: str | None = None
    evidence_class: str | None = None
    evidence_from: str | None = None
    direction: str | None = None
    condition: Condition | None = None
    applies_on_unknown: bool = False
    notes: tuple[Note, ...] = ()
    links: tuple[Link, ...] = ()
    sources: frozenset[str] = frozenset()
    definition: str | None = None
    alternatives: bool = False
    first_only: bool = False
    is_card: bool = False
    selection: str | None = None
    suggestion: Suggestion | None = None
    override_reasons: tuple[Mapping[str, str], ...] = ()
    dose_rules: DoseRules | None = None
    hook: str | None = None
    not_repeated_s: int = 0
    prefetch: tuple[Prefetch, ...] = ()
    children: "tuple[Action, ...]" = ()

    @property
    def speaks(self) -> bool:
        """Return whether the action makes a card or a warning; others only group or refer."""
        return bool(self.stance or self.notice or self.risk or self.alternatives)

    @property
    def makes_card(self) -> bool:
        """Return whether the action makes a card of its own."""
        return bool(self.stance or self.notice or self.alternatives or self.is_card)

    @property
    def suggestions(self) -> "tuple[Action, ...]":
        """Return the children that are suggestions of the card."""
        return tuple(child for child in self.children if child.suggestion)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return the action's own condition and those of its notes."""
        own = (self.condition,) if self.condition else ()
        return own + tuple(note.condition for note in self.notes)


@dataclass(frozen=True)
class Plan:
    """A PlanDefinition that is interpreted whole."""

    id: str
    url: str
    version: str
    title: str
    description: str
    status: str
    topic: Mapping[str, Any] | None
    citations: tuple[Citation, ...]
    predecessors: tuple[str, ...]
    successors: tuple[str, ...]
    actions: tuple[Action, ...]
    regimens: tuple[Regimen, ...] = ()

    @property
    def canonical(self) -> str:
        """Return url|version."""
        return f"{self.url}|{self.version}"

    @property
    def hook(self) -> str | None:
        """Return the CDS Hooks hook this plan serves, None for a plan that is only referred to."""
        return next((action.hook for action in self.actions if action.hook), None)

    def walk(self) -> list[Action]:
        """Return every action, parents first."""
        found, waiting = [], list(self.actions)
        while waiting:
            action = waiting.pop(0)
            found.append(action)
            waiting = list(action.children) + waiting
        return found
