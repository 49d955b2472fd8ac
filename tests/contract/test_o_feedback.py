"""O, N4: feedback on cards."""

import csv
import json
from dataclasses import replace
from uuid import uuid4

import pytest
from click.testing import CliRunner

from cds_service.__main__ import main
from tests.conftest import TODAY
from tests.contract.service import SERVICE, outcome, post, served, steady
from tests.requests import condition, request

FEEDBACK = f"{SERVICE}/feedback"
HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
WHEN = "2026-11-22T08:30:00Z"


@pytest.fixture
def taking(knowledge, log, tmp_path):
    """A context of a service whose store is in tmp_path; the uuids of its cards are random."""
    effects = replace(steady(TODAY, log.append), new_uuid=lambda: str(uuid4()))
    return served(knowledge, effects, folder=tmp_path)


@pytest.fixture
def client(taking):
    with taking as found:
        yield found


def counts(folder):
    """Return what the report says of all cards together: issued, reported, accepted, overridden."""
    settings = {"CDS_DATABASE_URL": f"sqlite:///{folder}/store.sqlite3"}
    result = CliRunner().invoke(main, ["feedback", "report", "--csv"], env=settings)
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(result.output.splitlines()))
    return tuple(sum(int(row[name]) for row in rows) for name in ("issued", "reported", "accepted", "overridden"))


def one_card(client, code="G61.81"):
    (found,) = post(client, request(condition(code))).json["cards"]
    return found


@pytest.fixture
def card(client):
    return one_card(client)


def accepted(card, /, **more):
    chosen = [{"id": card["suggestions"][0]["uuid"]}]
    given = {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": chosen, "outcomeTimestamp": WHEN}
    return given | more


def overridden(card, /, **more):
    return {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": WHEN} | more


def send(client, *feedback, address=FEEDBACK):
    return client.post(address, json={"feedback": list(feedback)})


def test_N4_a_reason_that_the_service_never_offered_is_taken(client, card):
    own = {"reason": {"system": "https://ehr.example.org/reasons", "code": "r7", "display": "Own reason"}}
    assert send(client, overridden(card, overrideReason=own)).status_code == 200


def test_O1_feedback_has_an_address_under_each_service(client, services, card):
    for each in services:
        assert send(client, accepted(card), address=f"/cds-services/{each['id']}/feedback").status_code == 200
    outcome(send(client, accepted(card), address="/cds-services/no-such-service/feedback"), 404)
    outcome(client.get(FEEDBACK), 405)


@pytest.mark.parametrize("left_out", ["card", "outcome", "outcomeTimestamp"])
def test_O2_feedback_without_a_required_field_is_400(client, card, left_out):
    given = accepted(card)
    del given[left_out]
    outcome(send(client, given), 400)


@pytest.mark.parametrize(
    "wrong",
    [
        {"card": 7},
        {"card": ""},
        {"outcome": "ignored"},
        {"outcome": "ACCEPTED"},
        {"outcomeTimestamp": "yesterday"},
        {"outcomeTimestamp": "2026-11-22"},
        {"outcomeTimestamp": 1763800000},
    ],
    ids=str,
)
def test_O2_feedback_with_an_ill_typed_field_is_400(client, card, wrong):
    outcome(send(client, accepted(card, **wrong)), 400)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"feedback":{}}', b'{"feedback":[7]}', b'{"feedback":null}']
)
def test_O2_what_is_no_feedback_is_400(client, body):
    outcome(client.post(FEEDBACK, data=body, content_type="application/json"), 400)


def test_O3_an_acceptance_names_its_suggestions(client, card):
    assert send(client, accepted(card)).status_code == 200
    bad = accepted(card)
    del bad["acceptedSuggestions"]
    outcome(send(client, bad), 400)
    outcome(send(client, accepted(card, acceptedSuggestions=[])), 400)
    outcome(send(client, accepted(card, acceptedSuggestions=[{}])), 400)


REASON = {"system": HL7, "code": "patient-refuses", "display": "Patient refuses"}


@pytest.mark.parametrize(
    "why",
    [None, {"reason": REASON}, {"userComment": "said no"}, {"reason": REASON, "userComment": "said no"}],
    ids=["none", "reason", "comment", "both"],
)
def test_O4_an_override_may_give_a_reason_a_comment_both_or_neither(client, card, why):
    more = {"overrideReason": why} if why else {}
    assert send(client, overridden(card, **more)).status_code == 200


def test_O5_a_reason_needs_no_display(client, card):
    bare = {"reason": {"system": HL7, "code": "patient-refuses"}}
    assert send(client, overridden(card, overrideReason=bare)).status_code == 200


def test_O6_the_same_card_may_come_again_and_several_at_once(taking, tmp_path):
    with taking as client:
        card, other = one_card(client), one_card(client, "G72.41")
        for _ in range(3):
            assert send(client, overridden(card), accepted(other)).status_code == 200
        assert send(client, accepted(card, outcomeTimestamp="2026-11-22T09:00:00Z")).status_code == 200
        assert send(client, accepted({**card, "uuid": str(uuid4())})).status_code == 200
    assert counts(tmp_path) == (2, 3, 3, 0)


def test_O7_cards_on_which_nothing_came_are_counted_as_neither(taking, tmp_path):
    with taking as client:
        cards = [one_card(client) for _ in range(3)]
        assert send(client, overridden(cards[0])).status_code == 200
    assert counts(tmp_path) == (3, 1, 0, 1)


def test_O8_success_is_200_and_json_that_names_no_one(client, card):
    answer = send(client, overridden(card, overrideReason={"userComment": "SENTINEL"}))
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    json.loads(answer.data)
    assert "SENTINEL" not in answer.text


@pytest.mark.parametrize("when", ["2026-11-22T08:30:00.726Z", "2026-11-22T08:30:00+00:00", "2026-11-22T08:30:00.1Z"])
def test_O10_times_may_have_fractions_of_a_second(client, card, when):
    assert send(client, accepted(card, outcomeTimestamp=when)).status_code == 200


def test_O11_the_address_of_old_clients_is_404(client, card):
    outcome(client.post(f"{SERVICE}/analytics/{card['uuid']}", json={}), 404)
