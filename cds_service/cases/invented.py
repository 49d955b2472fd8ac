"""Names that stand for those of a request: p1 for its patient, c1 for its first diagnosis, and so on."""

from typing import Any

from cds_service.hooks.references import FIT_ID
from cds_service.hooks.request import bare_id

PREFIXES = {
    "AllergyIntolerance": "a",
    "Bundle": "b",
    "Condition": "c",
    "Device": "dev",
    "Encounter": "e",
    "Immunization": "i",
    "ImmunizationRecommendation": "ir",
    "Location": "loc",
    "Medication": "drug",
    "MedicationAdministration": "ma",
    "MedicationRequest": "m",
    "MedicationStatement": "ms",
    "Observation": "obs",
    "OperationOutcome": "oo",
    "Organization": "org",
    "Patient": "p",
    "Practitioner": "dr",
    "PractitionerRole": "role",
    "Procedure": "proc",
    "RelatedPerson": "rel",
    "ServiceRequest": "s",
}
OTHER = "x"
ADDRESS = "https://fhir.example.org"
CODES = "http://example.org/codes"


class Invented:
    """Invented ids, the same one wherever the same id stood, and invented code systems."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._systems: dict[str, str] = {}

    def id(self, kind: object, written: str) -> str:
        """Return the name that stands for an id; one that is not fit to be repeated stays so."""
        if written not in self._ids:
            prefix = PREFIXES.get(kind, OTHER) if isinstance(kind, str) else OTHER
            number = self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
            self._ids[written] = f"{prefix}{number}" if FIT_ID.fullmatch(written) else f"{prefix}{number} (not fit)"
        return self._ids[written]

    def reference(self, written: str) -> str | None:
        """Return a reference with the invented id, in the form it has: relative, urn:uuid, contained or a bare id."""
        bare = bare_id(written)
        if bare is None:
            return None
        path = written.strip().partition("/_history/")[0].rstrip("/").split("/")
        kind = path[-2] if len(path) > 1 else None
        name = self.id(kind, bare)
        if kind is not None:
            return f"{kind if kind in PREFIXES else 'Resource'}/{name}"
        sign = next((each for each in ("urn:uuid:", "#") if path[-1].startswith(each)), "")
        return sign + name

    def address(self, written: str) -> str | None:
        """Return a fullUrl with the invented id."""
        reference = self.reference(written)
        return f"{ADDRESS}/{reference}" if reference and "/" in reference else reference

    def system(self, written: str) -> str:
        """Return the code system that stands for one that the knowledge does not know."""
        return self._systems.setdefault(written, f"{CODES}/{len(self._systems) + 1}")

    def meet_reference(self, written: object, kind: str | None) -> None:
        """Name what a field refers to before all else; `kind` is its type where it is written without one."""
        bare = bare_id(written)
        if bare and isinstance(written, str):
            self.id(kind or written.strip().partition("/")[0], bare)

    def meet(self, value: Any) -> None:
        """Name all resources in JSON by their type, before a reference without a type names one of them."""
        if isinstance(value, dict):
            kind, own, url = value.get("resourceType"), value.get("id"), value.get("fullUrl")
            held = value.get("resource")
            if isinstance(kind, str) and isinstance(own, str) and own:
                self.id(kind, own)
            self._meet_entry(url, held)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self.meet(each)

    def _meet_entry(self, url: object, held: object) -> None:
        bare = bare_id(url)
        if bare and isinstance(held, dict):
            self.id(held.get("resourceType"), bare)
