"""The program names no clinical code, no drug, no disorder and no wording of a guideline: all of that is data."""

import json
import re

import pytest

from cds_service.core.text import fold
from cds_service.knowledge.concepts import every

ALLOWED = {
    "ivig-order-select": "the default of `cds-service try --service`: the id of the shipped service",
    "advice on immunoglobulin orders": "the first line of `cds-service --help` says what is shipped",
}
ORDINARY = frozenset({"children", "other", "person", "small", "specified", "stated"})  # words of code and of English
# arithmetic is the program's: the unit and the name of weight by height squared; plans that are called what they are
ARITHMETIC = frozenset({"body mass index", "body weight", "kg/m2", "kg m2", "course", "dose"})
# folded names that begin with the English article: blood groups and results
ARTICLES = frozenset({"a group", "a positive", "type a"})


@pytest.fixture(scope="module")
def code(root):
    """Return the folded text of every module, docstrings included, by name."""
    modules = sorted((root / "cds_service").rglob("*.py"))
    return {str(path.relative_to(root)): without_allowed(f" {fold(path.read_text())} ") for path in modules}


def without_allowed(text):
    for each in ALLOWED:
        text = text.replace(f" {fold(each)} ", " ")
    return text


def concepts(shipped, name):
    return [concept for _, _, concept in every(json.loads((shipped.valuesets / f"{name}.json").read_text()))]


@pytest.fixture(scope="module")
def value_sets(shipped):
    names = [path.stem for path in shipped.valuesets.glob("*.json") if not path.stem.startswith(("code", "naming"))]
    return {name: concepts(shipped, name) for name in names}


def names_of(concept):
    return [concept["display"], *(each["value"] for each in concept.get("designation", []))]


def asked_of(shipped, variable):
    """Return the value sets that the shipped conditions ask about a variable."""
    texts = [path.read_text() for path in shipped.plandefinitions.rglob("*.json")]
    pattern = re.compile(rf"%{variable}(?:\.where\(\(?|\.exists\(|\.)code\.memberOf\('[^']+/([\w-]+)'")
    return {name for text in texts for name in pattern.findall(text)}


def found(words, code):
    wanted = {fold(word) for word in words} - {""}
    return sorted((word, name) for word in wanted for name, text in code.items() if f" {word} " in text)


def test_no_clinical_code(value_sets, code):
    codes = {concept["code"] for each in value_sets.values() for concept in each}
    wanted = {code for code in codes if len(code) >= 5 and any(c.isdigit() for c in code)} - ARITHMETIC
    assert len(wanted) > 500
    assert found(wanted, code) == []


def test_no_name_of_several_words(value_sets, code):
    names = {name for each in value_sets.values() for concept in each for name in names_of(concept)}
    phrases = {name for name in names if len(fold(name).split()) >= 2} - {"rule out", "history of", "ruled out"}
    phrases = {phrase for phrase in phrases if fold(phrase) not in ARITHMETIC | ARTICLES}
    assert len(phrases) > 500
    assert found(phrases, code) == []


@pytest.mark.parametrize("variable", ["problems", "current", "order", "medications", "procedures", "observations"])
def test_no_disorder_or_drug_of_one_word(shipped, value_sets, code, variable):
    asked = asked_of(shipped, variable)
    names = {name for each in asked for concept in value_sets[each] for name in names_of(concept)}
    words = {name for name in names if len(fold(name)) >= 3 and fold(name) not in ARITHMETIC | ARTICLES}
    assert words
    assert found(words, code) == []


def test_no_key_and_no_title(knowledge, code):
    plans = knowledge.all_plans
    actions = [action for plan in plans for action in plan.walk()]
    keys = {key for action in actions for key in (action.disorder, action.risk)} | {plan.id for plan in plans}
    titles = {each.title for each in (*actions, *plans)}
    assert found((keys | titles) - {None} - ARITHMETIC, code) == []


def test_no_word_of_a_disorder(shipped, code):
    system = json.loads((shipped.valuesets / "codesystem-disorder.json").read_text())
    words = {word for concept in system["concept"] for word in fold(concept["display"]).split() if len(word) >= 5}
    assert found(words - ORDINARY, code) == []


@pytest.mark.parametrize(
    "word", ["immunoglobulin", "immunoglobulins", "globulin", "ivig", "igiv", "aanem", "neuromuscular"]
)
def test_no_word_of_the_shipped_topic(code, word):
    assert found([word], code) == []


def test_no_wording_of_a_card(knowledge, code):
    details = [action.description or "" for plan in knowledge.all_plans for action in plan.walk()]
    sentences = {sentence for each in details for sentence in re.split(r"[.:;\n]", each)}
    assert found({each for each in sentences if len(fold(each).split()) >= 4}, code) == []


def test_no_citation(knowledge, code):
    cited = [citation for plan in knowledge.all_plans for citation in plan.citations]
    words = {citation.label for citation in cited} | {citation.url for citation in cited}
    words |= {part for label in words for part in [label.partition("-")[0]] if "://" not in part and len(part) >= 4}
    assert found(words - {"cds-service", "cds", "http://cds-service.example.org/"}, code) == []


def test_every_exemption_is_still_needed(root):
    text = " ".join(fold(path.read_text()) for path in (root / "cds_service").rglob("*.py"))
    assert [each for each in ALLOWED if fold(each) not in text] == []


def test_what_is_looked_for_is_found(code):
    assert found(["G61.81"], code | {"x.py": fold(" 'G61.81' ").join("  ")}) == [("g61 81", "x.py")]
