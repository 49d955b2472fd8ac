"""What is asked of a terminology server over HTTP, and how each odd answer is told in one sentence."""

import threading

import pytest

from cds_service.codes.terminology_server import Server, fetch_expansion, fetch_validation
from cds_service.core.coding import Code
from cds_service.errors import TerminologyError
from tests.codes.terminology_stub import expansion, outcome, terminology_server, told

SYSTEM = "http://example.org/codes"
INCLUDES = [{"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "1"}]}]


def rows(start, stop):
    return [{"system": SYSTEM, "code": str(i), "display": f"Rash {i}"} for i in range(start, stop)]


def paged(total, told_total=True):
    """A server that pages as FHIR says."""

    def answer(asked):
        first, last = asked["offset"], min(asked["offset"] + asked["count"], total)
        more = {"total": total, "offset": first} if told_total else {}
        return 200, expansion(rows(first, last), **more)

    return answer


def expand(answer, progress=lambda *_: None, **server):
    with terminology_server(answer) as stub:
        return fetch_expansion(Server(stub.url, **server), INCLUDES, progress), stub


def refused(answer, **server):
    with terminology_server(answer) as stub:
        with pytest.raises(TerminologyError) as raised:
            fetch_expansion(Server(stub.url, **server), INCLUDES, lambda *_: None)
        return str(raised.value).removeprefix(stub.url).strip(), stub


@pytest.mark.parametrize(("total", "told_total", "pages"), [(5, True, 3), (4, True, 2), (5, False, 3), (4, False, 3)])
def test_an_expansion_is_fetched_page_by_page(total, told_total, pages):
    seen = []
    found, stub = expand(paged(total, told_total), lambda *numbers: seen.append(numbers), page=2)
    assert [code.code for code in found.codes] == [str(i) for i in range(total)]
    assert [asked["offset"] for asked in stub.asked] == [0, 2, 4][:pages]
    assert all(asked["operation"] == "ValueSet/$expand" for asked in stub.asked)
    assert all(asked["valueSet"]["compose"]["include"] == INCLUDES for asked in stub.asked)
    assert seen[-1][0] == total


def test_a_server_that_does_not_page_is_asked_once():
    found, stub = expand(lambda asked: (200, expansion(rows(0, 5))), page=2)
    assert len(found.codes) == 5
    assert len(stub.asked) == 1


def test_codes_below_others_count_and_abstract_ones_do_not():
    nested = [{"display": "Rashes", "abstract": True, "contains": rows(0, 2)}, rows(2, 3)[0] | {"inactive": True}]
    used = [{"name": "used-codesystem", "valueUri": f"{SYSTEM}|2026"}, {"name": "count", "valueInteger": 9}]
    found, _ = expand(lambda asked: (200, expansion(nested, total=4, parameter=used)))
    assert [code.code for code in found.codes] == ["0", "1", "2"]
    assert (found.used, found.inactive) == ((f"{SYSTEM}|2026",), 1)


UNCLOSED = [{"url": "http://hl7.org/fhir/StructureDefinition/valueset-unclosed", "valueBoolean": True}]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, expansion(rows(0, 2), total=9)), "sent 2 of 9 codes: a partial expansion is not kept."),
        (
            (200, expansion(rows(0, 2), extension=UNCLOSED)),
            "says that the expansion is not complete: narrow the filter.",
        ),
        ((422, outcome("The filter\nis too costly")), "answered 422: The filter is too costly"),
        ((200, outcome("Nothing here")), "answered 200: Nothing here"),
        ((500, b"<html>oops</html>"), "answered with what is no JSON."),
        ((500, {"message": "oops"}), "answered 500: no reason given"),
        ((200, [1]), "answered 200: no reason given"),
        ((200, {"resourceType": "ValueSet"}), "answered $expand with no expansion that can be read."),
        ((200, expansion([5])), "answered $expand with no expansion that can be read."),
        ((200, expansion(rows(0, 2), total="2")), "answered $expand with no expansion that can be read."),
        ((302, b""), "sent us elsewhere: give the address that answers itself."),
        ((200, expansion(rows(0, 999))), "sent more than 9000 bytes."),
    ],
)
def test_what_is_no_whole_expansion_is_refused_with_one_sentence(answer, sentence):
    assert refused(lambda asked: answer, largest_answer=9000)[0] == sentence


def test_a_server_that_sends_the_same_page_again_is_not_believed():
    said, stub = refused(lambda asked: (200, expansion(rows(0, 2), total=9)), page=2)
    assert said == "sent 2 of 9 codes: a partial expansion is not kept."
    assert len(stub.asked) == 2


def test_a_server_that_does_not_answer_is_not_waited_for():
    released = threading.Event()

    def stall(asked):
        released.wait(10)
        return 200, {}

    try:
        assert refused(stall, read_s=0.2)[0] == "did not answer in time."
    finally:
        released.set()


def test_a_server_that_is_not_there_is_named_without_its_password():
    with pytest.raises(TerminologyError) as raised:
        fetch_expansion(Server("http://user:secret@127.0.0.1:1/r4?key=secret"), INCLUDES, lambda *_: None)
    assert str(raised.value) == "http://127.0.0.1:1/r4 cannot be reached (ConnectionError)."


CODE = Code(SYSTEM, "1", "Rash 1")


def validation(answer, code=CODE):
    with terminology_server(lambda asked: (200, answer(asked))) as stub:
        return fetch_validation(Server(stub.url), code), stub


def test_a_code_with_its_display_is_right():
    found, stub = validation(lambda asked: told(result=True, display="Rash 1"))
    assert (found.verdict, len(stub.asked)) == ("right", 1)
    asked = {"url": SYSTEM, "code": "1", "display": "Rash 1", "operation": "CodeSystem/$validate-code"}
    assert stub.asked == [asked]


def test_a_wrong_display_is_told_with_the_right_one():
    found, stub = validation(lambda asked: told(result="display" not in asked, display="Red rash"))
    assert found == ("display", "Red rash")
    assert len(stub.asked) == 2


def test_a_code_that_is_none_is_unknown():
    assert validation(lambda asked: told(result=False, message="no such code"))[0] == ("unknown", "no such code")


@pytest.mark.parametrize(
    "answer", [told(result=False, message="who?", x_unknown_system=SYSTEM), outcome("CodeSystem not found")]
)
def test_a_system_that_the_server_does_not_have_is_not_checked(answer):
    assert validation(lambda asked: answer)[0].verdict == "unchecked"


def test_an_answer_without_parameters_is_told():
    with pytest.raises(TerminologyError, match="no Parameters"):
        validation(lambda asked: {"resourceType": "Parameters"})
