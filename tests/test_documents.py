"""The documents tell the truth: the README's request and card, the settings table, the links."""

import json
import re
from pathlib import Path

import pytest

from cds_service.core.fhirpath.elements import ELEMENTS, VARIABLES
from cds_service.fhir.outcome import OUTCOMES
from cds_service.settings import Settings
from tests.hooks.calls import SERVICE

EXISTS = dict.fromkeys(("extension", "reason", "interpretation", "range"), "exists or not")


def block(text: str, mark: str) -> dict:
    found = re.search(rf"<!-- {mark} -->\s*```json\n(.*?)```", text, re.DOTALL)
    assert found, f"README has no block marked {mark}"
    return json.loads(found[1])


def test_the_request_of_the_readme_gets_the_card_of_the_readme(client, root):
    text = (root / "README.md").read_text()
    told = block(text, "card")
    got = client.post(SERVICE, json=block(text, "request")).json
    assert len(got["cards"]) == len(told["cards"]) == 1
    (card,), (shown,) = got["cards"], told["cards"]
    assert shown.pop("uuid") == "…"
    assert card["detail"].startswith(shown.pop("detail").removesuffix(" …"))
    assert {key: card[key] for key in card if key not in {"uuid", "detail"}} == shown


WORDS_FOR_DEFAULTS = {
    "plandefinitions": "the shipped folder",
    "valuesets": "the shipped folder",
    "timezone": "the host's",
}


def shown(name, default):
    if name in WORDS_FOR_DEFAULTS:
        return WORDS_FOR_DEFAULTS[name]
    return "none" if default in (None, "") else f"`{str(default).lower() if default is False else default}`"


def test_the_settings_table_is_the_settings(root):
    text = (root / "docs" / "integrating.md").read_text()
    table = re.findall(r"^\| `(CDS_\w+)` \| (.+?) \| (.+) \|$", text, re.MULTILINE)
    fields = Settings.model_fields.items()
    assert table == [(f"CDS_{name.upper()}", shown(name, each.default), each.description) for name, each in fields]


def test_every_word_for_the_end_of_a_fetch_is_explained(root):
    text = (root / "docs" / "integrating.md").read_text()
    section = text.partition("**What it ends in.**")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z-]+)`", section)) == OUTCOMES


def test_the_table_of_elements_is_what_conditions_may_name(root):
    text = (root / "docs" / "authoring.md").read_text()
    rows = re.findall(r"^\| (`%\w+`(?:, `%\w+`)*) \| (.+?) \| ([\w ]+) \|$", text, re.MULTILINE)
    told = {}
    for variables, elements, kind in rows:
        named = re.sub(r"\([^)]*\)", "", elements)
        for variable in re.findall(r"%(\w+)", variables):
            found = dict.fromkeys(re.findall(r"`(\w+)`", named), kind)
            told[variable] = told.get(variable, {}) | found
    for variable, kind in VARIABLES.items():
        known = {name: EXISTS.get(each.type, each.type) for name, each in ELEMENTS.get(kind, {}).items()}
        assert told.get(variable, {}) == known, variable


def test_the_table_of_risks_is_the_code_system(root):
    text = (root / "docs" / "integrating.md").read_text()
    system = json.loads((root / "valuesets" / "codesystem-risk.json").read_text())
    table = re.findall(r"^\| `([\w-]+)` \| (safety|dose|recommendation)\b", text, re.MULTILINE)
    assert sorted(key for key, _ in table) == sorted(each["code"] for each in system["concept"])


def documents() -> list[Path]:
    root = Path(__file__).parent.parent
    return [*root.glob("*.md"), *(root / "docs").rglob("*.md")]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_list_of_contents_names_each_part_and_each_walk_once(root):
    text = (root / "docs" / "authoring.md").read_text()
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    walks = re.findall(r"^### (.+)$", text.partition("\n## Walks\n")[2].partition("\n## ")[0], re.MULTILINE)
    at = parts.index("Walks") + 1
    listed = re.findall(r"^ *- \[(.+)\]\(#.+\)$", text.partition("\n## ")[0], re.MULTILINE)
    assert listed == [*parts[:at], *walks, *parts[at:]]


def test_no_lock_file_names_a_registry(root):
    for path in (root / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
        pinned = re.findall(r"^[A-Za-z]\S*", text, re.MULTILINE)
        assert pinned
        assert all("==" in each for each in pinned)
