"""What is asked of a terminology server over HTTP, and how each odd answer is told in one sentence."""

import threading

import pytest

from cds_service.codes.server_expansion import fetch_expansion
from cds_service.codes.terminology_server import Server, fetch_validation
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


@pytest.mark.parametrize(("total", "told_total", "pages"), [(5, True, 3), (4, True, 2), (5, False, 4), (4, False, 3)])
def test_an_expansion_is_fetched_page_by_page(total, told_total, pages):
    seen = []
    found, stub = expand(paged(total, told_total), lambda *numbers: seen.append(numbers), page=2)
    assert [code.code for code in found.codes] == [str(i) for i in range(total)]
    assert [asked["offset"] for asked in stub.asked] == [0, 2, 4, 5][:pages]
    assert all(asked["operation"] == "ValueSet/$expand" for asked in stub.asked)
    assert all(asked["valueSet"]["compose"]["include"] == INCLUDES for asked in stub.asked)
    assert seen[-1][0] == total


@pytest.mark.parametrize("number", [1, 5])
def test_a_server_that_does_not_page_repeats_its_codes_and_they_are_all(number):
    found, stub = expand(lambda asked: (200, expansion(rows(0, number))), page=2)
    assert len(found.codes) == number
    assert [asked["offset"] for asked in stub.asked] == [0, number]


def capped(total, most, **more):
    """A server that sends fewer codes a page than it is asked for, and no total."""
    return lambda asked: (200, expansion(rows(asked["offset"], min(asked["offset"] + most, total)), **more))


def test_a_server_with_smaller_pages_than_asked_for_and_no_total_is_asked_until_nothing_comes():
    found, stub = expand(capped(25, 10))
    assert [code.code for code in found.codes] == [str(i) for i in range(25)]
    assert [asked["offset"] for asked in stub.asked] == [0, 10, 20, 25]


def test_a_total_that_is_told_once_counts_for_all_pages():
    def answer(asked):
        told = {} if asked["offset"] else {"total": 5}
        return 200, expansion(rows(asked["offset"], min(asked["offset"] + 2, 4)), **told)

    assert refused(answer, page=2)[0] == "sent 4 of 5 codes: a partial expansion is not kept."


def test_a_page_of_abstract_codes_is_not_the_last_one():
    pages = {0: rows(0, 2), 2: [{"code": "g", "display": "Rashes", "abstract": True, "system": SYSTEM}], 3: rows(2, 4)}
    found, _ = expand(lambda asked: (200, expansion(pages.get(asked["offset"], []))))
    assert [code.code for code in found.codes] == ["0", "1", "2", "3"]


def test_a_server_that_never_ends_is_not_asked_for_ever():
    said, stub = refused(lambda asked: (200, expansion(rows(asked["offset"], asked["offset"] + 1))), pages=5)
    assert said == "did not come to an end in 5 pages: narrow the filter."
    assert len(stub.asked) == 5


COUNT = [{"name": "count", "valueInteger": 2}]


@pytest.mark.parametrize(
    ("more", "page"), [({}, 2), ({"parameter": COUNT}, 9), ({"next": "http://example.org/r5?page=2"}, 9)]
)
def test_a_page_that_is_full_and_comes_again_is_not_taken_for_all(more, page):
    """The server keeps to a count and not to an offset, or names a next page (R5): what lies behind is not known."""
    said, _ = refused(lambda asked: (200, expansion(rows(0, 2), **more)), page=page)
    assert said == "sent the same 2 codes again, and may have more: a partial expansion is not kept."


FOREIGN = {"system": "http://example.org/other", "code": "1-8", "display": "Hair"}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (FOREIGN, "answered with 1-8 'Hair' of http://example.org/other, and a filter of http://example.org/codes "),
        ({**FOREIGN, "system": ""}, "answered with 1-8 'Hair' of no system, and a filter of http://example.org/codes "),
        ({"display": "All", "abstract": True, "contains": [FOREIGN]}, "answered with 1-8 'Hair' of http://example.org"),
    ],
)
def test_codes_of_a_system_that_no_filter_names_are_refused(row, sentence):
    said, _ = refused(lambda asked: (200, expansion([*rows(0, 2), row])))
    assert said.startswith(sentence)


def test_a_code_of_any_include_is_no_foreign_one():
    includes = [*INCLUDES, {**INCLUDES[0], "system": FOREIGN["system"]}]
    with terminology_server(lambda asked: (200, expansion([*rows(0, 1), FOREIGN], total=2))) as stub:
        assert len(fetch_expansion(Server(stub.url), includes, lambda *_: None).codes) == 2


def test_codes_below_others_count_and_abstract_ones_do_not():
    nested = [{"display": "Rashes", "abstract": True, "contains": rows(0, 2)}, rows(2, 3)[0] | {"inactive": True}]
    used = [{"name": "used-codesystem", "valueUri": f"{SYSTEM}|2026"}, {"name": "count", "valueInteger": 9}]
    found, _ = expand(lambda asked: (200, expansion(nested, total=4, parameter=used)))
    assert [code.code for code in found.codes] == ["0", "1", "2"]
    assert (found.used, found.inactive) == ((f"{SYSTEM}|2026",), 1)


LIMITED = [{"name": "limitedExpansion", "valueBoolean": True}]
UNCLOSED = [{"url": "http://hl7.org/fhir/StructureDefinition/valueset-unclosed", "valueBoolean": True}]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, expansion(rows(0, 2), total=9)), "sent 2 of 9 codes: a partial expansion is not kept."),
        (
            (200, expansion(rows(0, 2), extension=UNCLOSED)),
            "says that the expansion is not complete: narrow the filter.",
        ),
        (
            (200, expansion(rows(0, 2), total=2, parameter=LIMITED)),
            "says that the expansion is not complete: narrow the filter.",
        ),
        ((422, outcome("The filter\nis too costly")), "answered 422: The filter is too costly"),
        ((200, outcome("Nothing here")), "answered 200: Nothing here"),
        ((500, b"out of memory"), "answered 500 with what is no JSON. Is this its base address for FHIR?"),
        ((200, b"<html>\xff</html>"), "answered 200 with what is no JSON. Is this its base address for FHIR?"),
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
