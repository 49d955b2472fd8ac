"""The example topic with one thing changed, as artifacts or as a folder."""

import copy
import json
import shutil
from dataclasses import replace
from pathlib import Path

from cds_service.knowledge.load import Sources, folder_sources

TOPIC = Path(__file__).parent.parent / "topic"
OLD = folder_sources(TOPIC / "plandefinitions", TOPIC / "valuesets")
RASH = "PlanDefinition/example-rash"
BURN = "PlanDefinition/example-burn"
SAFETY = "PlanDefinition/example-safety"
SERVICE = "PlanDefinition/lotion-order-select"
RASH_SET = "ValueSet/example-rash"


def edited(edits):
    """Return the artifacts after an edit of each that is named, by type and id."""
    left = dict(edits)
    artifacts = []
    for each in OLD.artifacts:
        edit = left.pop("/".join(each.key), None)
        source = copy.deepcopy(each.source)
        if edit:
            edit(source)
        artifacts.append(replace(each, source=source) if edit else each)
    assert not left, f"no such artifact: {left}"
    return Sources(tuple(artifacts))


def copy_of_topic(folder, with_cases=True):
    """Copy the topic into a folder as a repository of knowledge has it, and return the folder."""
    for name in ("plandefinitions", "valuesets", *(("cases",) if with_cases else ())):
        shutil.copytree(TOPIC / name, folder / name, dirs_exist_ok=True)
    return folder


def edit_file(path, edit):
    source = json.loads(path.read_text())
    edit(source)
    path.write_text(json.dumps(source))


def edit_plan(folder, name, edit):
    edit_file(folder / "plandefinitions" / f"{name}.json", edit)


def flip_stance(plan):
    extension(plan, "cqf-strengthOfRecommendation")["valueCodeableConcept"]["coding"][0]["code"] = "not-recommended"
    extension(plan, "cpg-directionOfRecommendation")["valueCodeableConcept"]["coding"][0]["code"] = "against"


def extension(plan, name):
    return next(each for each in plan["action"][0]["extension"] if each["url"].endswith(name))


def concepts(value_set):
    return value_set["compose"]["include"][0]["concept"]


def set_condition(text, at=lambda plan: plan["action"][0]):
    def edit(plan):
        at(plan)["condition"][0]["expression"]["expression"] = text

    return edit
