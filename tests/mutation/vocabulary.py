"""What may stand in the place of something else: other codes, plans, value sets and words of conditions."""

import re
from collections.abc import Iterator, Sequence

from cds_service.knowledge.read import Artifact
from tests.mutation.edit import Steps, walk

COMPARED = re.compile(r"= '([^']*)'")


class Vocabulary:
    """Codes by code system, plans and value sets by url, and the texts that conditions compare with."""

    def __init__(self, artifacts: Sequence[Artifact]) -> None:
        systems = [each.source for each in artifacts if each.kind == "CodeSystem"]
        self.codes = {each["url"]: [concept["code"] for concept in each["concept"]] for each in systems}
        self.plans = [each.source["url"] for each in artifacts if each.kind == "PlanDefinition"]
        self.sets = [each.source["url"] for each in artifacts if each.kind == "ValueSet"]
        texts = [text for each in artifacts for _, text in conditions_of(each)]
        self.texts = sorted({literal for text in texts for literal in COMPARED.findall(text)})

    def next_plan(self, url: str) -> str:
        """Return the url of the plan after this one."""
        return self.plans[(self.plans.index(url) + 1) % len(self.plans)]


def conditions_of(artifact: Artifact) -> Iterator[tuple[Steps, str]]:
    """Return the conditions of a plan with their paths."""
    for path, node in walk(artifact.source):
        if isinstance(node, dict) and node.get("language") == "text/fhirpath" and "dynamicValue" not in path:
            yield (*path, "expression"), node["expression"]
