"""What may stand in the place of something else: other codes, plans, value sets and words of conditions."""

import re
from collections.abc import Iterator, Mapping, Sequence

from cds_service.core.plan import STANCE
from cds_service.knowledge.read import Artifact
from tests.mutation.edit import Steps, walk

COMPARED = re.compile(r"= '([^']*)'")


class Vocabulary:
    """Codes by code system, plans and value sets by url, and the texts that conditions compare with."""

    def __init__(self, artifacts: Sequence[Artifact]) -> None:
        systems = [each.source for each in artifacts if each.kind == "CodeSystem"]
        self.codes = {each["url"]: [concept["code"] for concept in each["concept"]] for each in systems}
        self.concepts = {(each["url"], concept["code"]): concept for each in systems for concept in each["concept"]}
        self.plans = [each.source["url"] for each in artifacts if each.kind == "PlanDefinition"]
        self.sets = [each.source["url"] for each in artifacts if each.kind == "ValueSet"]
        texts = [text for each in artifacts for _, text in conditions_of(each)]
        self.texts = sorted({literal for text in texts for literal in COMPARED.findall(text)})

    def coding(self, coding: Mapping[str, str], code: str) -> dict[str, str]:
        """Return a coding with another code of its system, called as that is, if it was called anything."""
        concept = self.concepts.get((coding["system"], code), {})
        called = {"display": concept.get("display", code.capitalize())} if "display" in coding else {}
        return {**coding, "code": code, **called}

    def direction(self, stance: str) -> str | None:
        """Return the direction that goes with a stance."""
        (said,) = self.concepts[STANCE, stance]["property"]
        return None if said["valueString"] == "none" else said["valueString"]

    def next_plan(self, url: str) -> str:
        """Return the url of the plan after this one."""
        return self.plans[(self.plans.index(url) + 1) % len(self.plans)]


def conditions_of(artifact: Artifact) -> Iterator[tuple[Steps, str]]:
    """Return the conditions of a plan with their paths."""
    for path, node in walk(artifact.source):
        if isinstance(node, dict) and node.get("language") == "text/fhirpath" and "dynamicValue" not in path:
            yield (*path, "expression"), node["expression"]
