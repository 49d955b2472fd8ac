"""The walks of docs/authoring.md: each step is taken as it is printed, and each answer is the one that is printed."""

import shutil

import pytest

from tests.walks.steps import section, steps_of, take

PRACTICE = ["A new guideline", "A second disorder", "A synonym", "A risk"]


@pytest.fixture(scope="module")
def authoring(root):
    return (root / "docs" / "authoring.md").read_text()


def walk(text, titles, folder):
    """Take all steps of some sections and return how many there were."""
    steps = [(title, step) for title in titles for step in steps_of(section(text, title))]
    for title, step in steps:
        try:
            take(step, folder)
        except AssertionError as error:
            raise AssertionError(f"{title}: {step.says} {error}") from error
    return len(steps)


def test_a_reader_can_walk_from_a_new_guideline_to_a_risk(authoring, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert walk(authoring, PRACTICE, tmp_path) > 30


def test_a_reader_can_take_the_steps_in_a_copy_of_the_shipped_knowledge(authoring, tmp_path, monkeypatch, root):
    for name in ("plandefinitions", "valuesets", "tests/cases"):
        shutil.copytree(root / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert walk(authoring, ["In the shipped knowledge"], tmp_path) == 5


def test_every_section_is_walked(authoring):
    walks = authoring.partition("\n## Walks\n")[2].partition("\n## ")[0]
    titles = [line.removeprefix("### ") for line in walks.splitlines() if line.startswith("### ")]
    assert titles == [*PRACTICE, "In the shipped knowledge"]


@pytest.mark.parametrize(
    ("this", "by_this", "told"),
    [
        (
            "No problems: 6 plans, 3 value sets in ./practice/plandefinitions and ./practice/valuesets, 4 cases.",
            "No problems: 6 plans.",
            "check .* answers:.No problems: 6 plans, 3",
        ),
        ("44 problem(s).", "45 problem(s).", "check .* answers:.*this blank is not filled"),
        ("INFO: Lotion is recommended", "INFO: Lotion is not recommended", "try .* answers:.*Lotion is recommended"),
        ("| `TO-FILL: the code of what is ordered`", "| `TO-FILL: the code of the order`", "is nowhere in practice"),
        ("cds-service try practice/request.json", "cds-service try practice/other.json", "try .* does not exist"),
        ('"code": "RASH-1"}]}\n', '"code": "RASH-2"}]}\n', "try .* answers:.*No disorder"),
        ("**Save as `practice/request.json`:**", "**Store as `practice/request.json`:**", "no step is called"),
        ("--label example-2026", "--lable example-2026", "No such option"),
    ],
)
def test_a_step_that_is_wrong_is_found(authoring, tmp_path, monkeypatch, this, by_this, told):
    monkeypatch.chdir(tmp_path)
    assert this in authoring
    with pytest.raises(AssertionError, match=f"(?s){told}"):
        walk(authoring.replace(this, by_this), PRACTICE[:1], tmp_path)


@pytest.mark.parametrize(
    ("this", "by_this", "told"),
    [
        ("add to `action` of `disorders`", "add to `action` of `diseases`", "0 places"),
        (
            "**Copy `practice/valuesets/lotion-example-rash.json`",
            "**Copy `practice/valuesets/rash.json`",
            "No such file",
        ),
        ("   | `BURN-1` | `WOUND-1` |\n", "", "check .* answers:.*a-wound-beside-the-rash"),
        ('"code": {"text": "RED SPOTS"}', '"code": {"text": "RED DOTS"}', "check .* answers:.*red-spots"),
    ],
)
def test_a_wrong_step_of_a_later_walk_is_found(authoring, tmp_path, monkeypatch, this, by_this, told):
    monkeypatch.chdir(tmp_path)
    assert this in authoring
    with pytest.raises((AssertionError, FileNotFoundError), match=f"(?s){told}"):
        walk(authoring.replace(this, by_this), PRACTICE, tmp_path)
