"""cds-service case new: what it writes, and what it refuses."""

import json

import pytest
from jsonschema import Draft202012Validator

from cds_service.__main__ import main
from cds_service.cases.expect import copied, looks_answered, parse_expectation
from cds_service.cases.read import read_cases
from cds_service.cases.run import run_case
from tests.cases_tools.conftest import TOPIC
from tests.golden import CASES
from tests.test_cases import SCHEMA, source

SERVICE = "lotion-order-select"
NAME = "child-with-a-rash-is-recommended"
SOURCE = json.loads((TOPIC / "cases" / SERVICE / "rash-is-recommended.json").read_text())
EXPECTED = {
    "title": "A child with a rash: lotion is recommended.",
    "why": {"statement": "example-2026", "section": "Lotion", "says": "Class I evidence supports lotion for rash."},
    "cards": [
        {
            "indicator": "info",
            "recommendations": [
                {
                    "disorder": "example-rash",
                    "stance": "recommended",
                    "evidenceClass": "I",
                    "guideline": "example-2026",
                    "evidenceFrom": "example-2026",
                    "matched": [{"resource": "Condition/c1", "how": "code", "code": "RASH-1"}],
                }
            ],
        }
    ],
    "silent": ["example-burn"],
}
ANSWERS = """A child with a rash: lotion is recommended.
example-2026
Lotion
Class I evidence supports lotion for rash.
n
1
info
example-rash
recommended
I
example-2026
example-2026
Condition/c1
code
RASH-1





example-burn
"""


def named_request():
    """The request of a case, as an EHR might send it."""
    request = json.loads(
        json.dumps(SOURCE["request"]).replace('"p1"', '"Smith-1"').replace("Patient/p1", "Patient/Smith-1")
    )
    request["prefetch"]["patient"] |= {"name": [{"family": "Smith"}], "birthDate": "2016-08-09"}
    request["fhirServer"] = "https://smith.example/fhir"
    return request


@pytest.fixture
def files(tmp_path):
    """Files with a request and an expectation, and a folder for cases."""
    (tmp_path / "cases").mkdir()
    write(tmp_path / "request.json", named_request())
    write(tmp_path / "expected.json", EXPECTED)
    return tmp_path


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


@pytest.fixture
def new(run, files):
    """A function that makes a case; by default from the two files."""

    def new(*options, name=NAME, expect=True, request=None, **more):
        if request is not None:
            write(files / "request.json", request)
        given = ["--expect", files / "expected.json"] if expect else []
        where = ("--cases", files / "cases", "--asked-on", "2026-11-22")
        return run("case", "new", files / "request.json", "--name", name, *where, *given, *options, **more)

    return new


def written(files):
    return [str(path.relative_to(files / "cases")) for path in (files / "cases").rglob("*.json")]


def the_case(files, name=NAME):
    return json.loads((files / "cases" / SERVICE / f"{name}.json").read_text())


def test_a_case_from_two_files(new, files):
    result = new()
    assert result.exit_code == 0, result.output
    assert result.output.endswith("The case passes.\n")
    case = the_case(files)
    assert "mith" not in json.dumps(case)
    assert {key: case[key] for key in EXPECTED} == EXPECTED
    assert case["today"] == "2020-06-15"
    assert case["request"]["prefetch"]["patient"] == {"resourceType": "Patient", "id": "p1", "birthDate": "2010-03-14"}
    assert read_cases(files / "cases")[1] == []
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(case)
    assert list(case) == ["title", "why", "today", "request", "cards", "silent"]


def test_the_day_of_the_call_can_be_that_of_the_case(new, files):
    assert new("--asked-on", "2020-06-15").exit_code == 0
    assert the_case(files)["today"] == "2020-06-16"
    result = new("--today", "2026-11-22", name="another")
    assert result.exit_code == 2
    assert "the dates would stay as they are" in result.output
    assert new("--today", "2022-11-22", name="another").exit_code == 0
    assert the_case(files, "another")["request"]["prefetch"]["patient"]["birthDate"] == "2012-08-21"


# What must come out: asked for


def test_the_questions_make_the_same_case(new, files):
    result = new(expect=False, input=ANSWERS)
    assert result.exit_code == 0, result.output
    assert {key: the_case(files)[key] for key in EXPECTED} == EXPECTED


def test_the_answer_of_the_service_is_not_shown_before_the_last_question(new, files):
    asked = new(expect=False, input=ANSWERS.rpartition("example-burn")[0]).output
    for word in ("Lotion is recommended", "supports", "Class"):
        assert word not in asked.replace("Class I evidence supports lotion for rash.", "").replace("Evidence class", "")
    assert "What the service answers is shown afterwards." in asked
    assert written(files) == []


def test_a_key_that_the_knowledge_does_not_have_is_asked_for_again(new, files):
    result = new(expect=False, input=ANSWERS.replace("example-rash\n", "exmaple-rash\nexample-rash\n"))
    assert "exmaple-rash is not one of: example-burn, example-rash." in result.output
    assert result.exit_code == 0
    result = new(
        expect=False, name="another", input=ANSWERS.replace("\nexample-burn\n", "\nexample-brun\nexample-burn\n")
    )
    assert "example-brun is not one of" in result.output


def test_a_recommendation_rests_on_a_record(new, files):
    """An empty answer is asked again: a case that expects no record never passes."""
    result = new(expect=False, input=ANSWERS.replace("Condition/c1\n", "\n\nCondition/c1\n"))
    assert result.exit_code == 0, result.output
    assert "nothing is not one of: MedicationRequest/m1, Patient/p1, Condition/c1." in result.output
    assert "Another record that it rests on (MedicationRequest/m1, Patient/p1, Condition/c1; empty: no more)" in (
        result.output
    )
    assert the_case(files)["cards"] == EXPECTED["cards"]


def test_short_lists_of_keys_are_in_the_question(new):
    asked = new(expect=False, input=ANSWERS).output
    assert "Indicator (info, warning, critical): " in asked
    assert "Stance (not-recommended, recommended): " in asked
    assert "Evidence class (I, II; empty: none given): " in asked


def test_an_error_and_silence_can_be_expected(new, files):
    silent = ANSWERS.partition("n\n1\n")[0] + "n\n0\nexample-rash example-burn\n"
    assert new(expect=False, input=silent).exit_code == 1
    assert (the_case(files)["cards"], the_case(files)["silent"]) == ([], ["example-rash", "example-burn"])
    refused = ANSWERS.partition("n\n1\n")[0] + "y\n412\nconditions, unicorn\n"
    request = named_request()
    del request["prefetch"]["conditions"]
    assert new(expect=False, name="no-conditions", input=refused, request=request).exit_code == 1
    assert the_case(files, "no-conditions")["error"] == {"status": 412, "mentions": ["conditions", "unicorn"]}
    refused = refused.replace("conditions, unicorn", "conditions")
    assert new(expect=False, name="no-conditions-again", input=refused, request=request).exit_code == 0


def test_a_case_that_does_not_pass_is_kept_and_its_difference_shown(new, files):
    write(files / "expected.json", EXPECTED | {"cards": []})
    result = new()
    assert result.exit_code == 1
    assert f"{SERVICE}/{NAME}: expected 0 card(s), got 1" in result.output
    assert "It is kept: the source decides" in result.output
    assert the_case(files)["cards"] == []


# What must come out: never an answer


def answered(run, files):
    """What `cds-service try` prints for the request."""
    write(files / "own.json", SOURCE["request"])
    return json.loads(run("try", files / "own.json", "--service", SERVICE, "--json").output)


def test_an_answer_is_no_expectation(new, run, files):
    answer = answered(run, files)
    assert answer["cards"]
    for answer_of in (answer, EXPECTED | {"cards": answer["cards"]}, answer["cards"], {"response": answer}):
        write(files / "expected.json", answer_of)
        result = new()
        assert result.exit_code == 1
        assert "this is what a service answered, and no expectation" in result.output
    assert written(files) == []


@pytest.mark.parametrize(
    "card",
    [
        {"indicator": "info", "uuid": "1"},
        {"indicator": "info", "source": {"label": "x"}},
        {"indicator": "info", "extension": {}},
        {"indicator": "info", "summary": "A sentence"},
        {"summary": ["word"], "links": []},
        {"indicator": "info", "detail": "A sentence"},
    ],
)
def test_what_looks_like_a_card_of_an_answer(card):
    assert looks_answered({"cards": [card]})
    assert parse_expectation(json.dumps(EXPECTED | {"cards": [card]}).encode(), "x")[1]


def test_what_is_written_as_cases_are_does_not_look_like_an_answer():
    assert not looks_answered(EXPECTED)
    suggestion = {"type": "create", "label": ["a"], "resource": {"summary": "x", "uuid": "y"}}
    assert not looks_answered({"cards": [{"indicator": "info", "suggestions": [suggestion]}]})
    for path in (TOPIC / "cases").rglob("*.json"):
        assert not looks_answered(json.loads(path.read_text())), path


def with_words(**words):
    return EXPECTED | {"cards": [EXPECTED["cards"][0] | words]}


def parts(text):
    """The sentences of a text, without its marks."""
    return [each for each in text.replace("*", "").replace("\n", " ").split(". ") if each.strip()]


COPIES = {
    "the summary": lambda card: with_words(summary=[card["summary"]]),
    "nearly all of the summary": lambda card: with_words(summary=[card["summary"].partition(" ")[2].upper()]),
    "the detail": lambda card: with_words(detail=[card["detail"]]),
    "its sentences": lambda card: with_words(detail=parts(card["detail"])),
    "half of it": lambda card: with_words(detail=[card["detail"][: len(card["detail"]) * 2 // 3]]),
    "the detail as the summary": lambda card: with_words(summary=[card["detail"]]),
    "what the source says": lambda card: EXPECTED | {"why": EXPECTED["why"] | {"says": card["detail"]}},
    "the title": lambda card: EXPECTED | {"title": card["summary"]},
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_text_that_repeats_the_answer_is_no_expectation(new, run, files, copy):
    (card,) = answered(run, files)["cards"]
    write(files / "expected.json", copy(card))
    result = new()
    assert result.exit_code == 1
    assert "this repeats what the service answers" in result.output
    assert "Fix: write a short phrase that the source makes you expect" in result.output
    assert written(files) == []


def test_a_phrase_of_the_source_is_taken_though_the_card_has_it_too(new, files):
    write(files / "expected.json", with_words(summary=["recommended for example rash", "Class I"], detail=["Class I"]))
    assert new().exit_code == 0


def test_answers_that_repeat_the_card_are_given_back(new, run, files):
    (card,) = answered(run, files)["cards"]
    result = new(expect=False, input=ANSWERS.replace("Class I evidence supports lotion for rash.", card["summary"]))
    assert result.exit_code == 1
    assert "answers: why.says: this repeats what the service answers" in result.output
    given_back = result.output.partition("given as --expect:\n")[2]
    assert json.JSONDecoder().raw_decode(given_back)[0]["why"]["says"] == card["summary"]


def test_no_case_of_ours_repeats_the_answer_at_length(knowledge):
    for name, case in CASES.items():
        expected = {key: source(name).get(key) for key in ("title", "why", "cards", "error")}
        assert copied(expected, run_case(knowledge, name, case).said, name) == []


def test_no_option_takes_the_answer():
    command = main.get_command(None, "case").commands["new"]
    names = {each.name for each in command.params} - {"plandefinitions", "valuesets", "bundle"}
    assert names == {"request_file", "name", "service_id", "cases", "expect", "asked_on", "today", "texts_are_clean"}


WRONG = {
    "not JSON": ("{", "expected.json: -: not readable as JSON."),
    "no object": ([], "expected.json: -: no JSON object."),
    "a day": (EXPECTED | {"today": "2020-01-01"}, "expected.json: today: no part of an expectation."),
    "a request": (EXPECTED | {"request": {}}, "expected.json: request: no part of an expectation."),
    "misspelt": (EXPECTED | {"slient": []}, "expected.json: slient: no part of an expectation."),
    "no title": ({key: EXPECTED[key] for key in ("why", "cards")}, f"{NAME}.json: title: missing."),
    "an empty title": (EXPECTED | {"title": ""}, f"{NAME}.json: title: missing."),
    "no source": ({key: EXPECTED[key] for key in ("title", "cards")}, f"{NAME}.json: why: missing."),
    "half a source": (EXPECTED | {"why": {"statement": "x"}}, f"{NAME}.json: -: Object missing required field"),
    "no expectation": ({key: EXPECTED[key] for key in ("title", "why")}, "expects both or neither."),
    "two expectations": (EXPECTED | {"error": {"status": 400}}, "expects both or neither."),
    "a misspelt key": (EXPECTED | {"cards": [{"indicater": "info"}]}, "contains unknown field `indicater`"),
}


@pytest.mark.parametrize(("expected", "reason"), WRONG.values(), ids=WRONG)
def test_an_expectation_that_is_none(new, files, expected, reason):
    write(files / "expected.json", expected)
    result = new()
    assert result.exit_code == 1
    assert reason in result.output
    assert written(files) == []


# The request, its name and its service


@pytest.mark.parametrize(
    "name", ["Child", "child_with", "child--with", "-child", "child-", "../child", "a/b", "child.json", ""]
)
def test_a_name_is_words_joined_by_hyphens(new, files, name):
    result = new(name=name)
    assert result.exit_code == 2
    assert "is no name of a case" in result.output
    assert written(files) == []


def test_nothing_is_overwritten(new, files):
    assert new().exit_code == 0
    before = the_case(files)
    write(files / "expected.json", EXPECTED | {"cards": []})
    result = new()
    assert result.exit_code == 2
    assert "is there already and is not overwritten" in result.output
    assert the_case(files) == before


@pytest.mark.parametrize("request_", ["{", [], {}, {"cards": []}, SOURCE | {"hook": "order-select"}], ids=str)
def test_what_is_no_request(new, files, request_):
    request_ = (
        {"hook": "x", "cards": [{"summary": "x"}]} if isinstance(request_, dict) and "why" in request_ else request_
    )
    result = new(request=request_)
    assert result.exit_code == 2
    told = ("The file ends in the middle", "The file holds a JSON list", "is no CDS Hooks request")
    assert any(each in result.output for each in told)
    assert written(files) == []


def test_the_service(new, files):
    result = new("--service", "unknown")
    assert result.exit_code == 2
    assert f"There is no service unknown: use one of {SERVICE}." in result.output
    result = new(request=named_request() | {"hook": "order-sign"})
    assert result.exit_code == 2
    assert "Give --service: the knowledge has 0 services of the request's hook." in result.output
    assert new("--service", SERVICE, request=named_request()).exit_code == 0


def test_a_folder_of_cases_is_needed(run, files, monkeypatch):
    monkeypatch.chdir(files)
    result = run("case", "new", files / "request.json", "--name", NAME)
    assert result.exit_code == 2
    assert "Give --cases" in result.output


def test_a_request_that_is_answered_otherwise_without_what_is_left_out_is_refused(new, files):
    """An id that is a number is not kept; then the selection names no draft any more."""
    request = named_request()
    request["context"]["draftOrders"]["entry"][0]["resource"]["id"] = 5
    request["context"]["selections"] = ["MedicationRequest/5"]
    result = new(request=request)
    assert result.exit_code == 1
    assert "the request is not answered as before" in result.output
    assert "--today 2022-11-22" in result.output
    assert written(files) == []


# Texts that are kept


@pytest.fixture
def told():
    """A request with a text that conditions read, and a name that stands nowhere else in it."""
    request = named_request()
    (entry,) = request["prefetch"]["conditions"]["entry"]
    entry["resource"]["code"]["text"] = "Rash of Mr Jones"
    return request


def test_texts_are_shown_and_somebody_has_to_look(new, files, told):
    for answer in ("n\n", "", "\n"):
        result = new(request=told, input=answer)
        assert result.exit_code == 1
        assert "  Rash of Mr Jones\n" in result.output
        assert "Nothing was written." in result.output
        assert written(files) == []
    assert new(request=told, input="y\n").exit_code == 0
    assert "Rash of Mr Jones" in json.dumps(the_case(files))


def test_texts_that_were_looked_at(new, files, told):
    result = new("--texts-are-clean", request=told)
    assert result.exit_code == 0
    assert "Rash of Mr Jones" in result.output


# What the request itself tells of a person


def test_a_text_that_holds_a_name_of_the_request_is_refused_whatever_was_looked_at(new, files, told):
    (entry,) = told["prefetch"]["conditions"]["entry"]
    entry["resource"]["code"]["text"] = "Rash, see the note on SMITH"
    for options in ((), ("--texts-are-clean",)):
        result = new(*options, request=told, input="y\n")
        assert result.exit_code == 1
        place = "request.json: prefetch.conditions.entry[0].resource.code.text: "
        assert place in result.output
        assert "'smith' (name of a person)" in result.output
        assert "Fix: write it without." in result.output
        assert written(files) == []


def test_a_name_that_is_a_word_as_well_makes_no_case_impossible(new, files, told):
    told["prefetch"]["patient"]["name"] = [{"family": "Dry"}]
    (entry,) = told["prefetch"]["conditions"]["entry"]
    entry["resource"]["code"]["text"] = "Dry rash"
    assert "'dry' (name of a person)" in new("--texts-are-clean", request=told).output
    told["prefetch"]["patient"]["name"] = [{"family": "Smith"}]
    assert new("--texts-are-clean", request=told).exit_code == 0
    assert "Dry rash" in json.dumps(the_case(files))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Mr Smith has a rash."},
        {"why": EXPECTED["why"] | {"says": "Smith gets lotion."}},
        {"why": EXPECTED["why"] | {"statement": "dr-smith"}},
        {"cards": [EXPECTED["cards"][0] | {"summary": ["for Smith"]}]},
        {"silent": ["smith"]},
    ],
)
def test_an_expectation_that_names_somebody_is_refused(new, files, change):
    write(files / "expected.json", EXPECTED | change)
    result = new()
    assert result.exit_code == 1
    assert "expected.json: " in result.output
    assert "'smith' (name of a person)" in result.output
    assert written(files) == []


def test_a_case_is_not_called_by_a_name(new, files):
    result = new(name="smith-has-a-rash")
    assert result.exit_code == 1
    assert "--name: -: holds what the request itself tells" in result.output
    assert written(files) == []


def test_help():
    from click.testing import CliRunner

    for command in (("case",), ("case", "new")):
        assert "cds-service case new " in CliRunner().invoke(main, [*command, "--help"]).output.split("Example")[1]
