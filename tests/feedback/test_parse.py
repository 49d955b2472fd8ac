"""Bodies of feedback calls (CDS Hooks 2.0, Feedback; requirements O2 to O10)."""

import json
from datetime import UTC, datetime

import pytest

from cds_service.errors import BadRequest, TooLarge
from cds_service.feedback.parse import COMMENT_LENGTH, ITEMS, parse_feedback
from cds_service.store.rows import Event
from tests.feedback.bodies import AT, CARD, REASON, WHY, accepted, overridden, parse


def problems(*items: object, keep_comments: bool = False) -> list[str]:
    with pytest.raises(BadRequest) as refused:
        parse(*items, keep_comments=keep_comments)
    assert refused.value.status == 400
    told = str(refused.value)
    assert told.startswith("Not CDS Hooks feedback, nothing was stored: ")
    return told.partition(": ")[2].rstrip(".").split("; ")


def test_o2_o3_an_accepted_card():
    assert parse(accepted()) == [Event(CARD, "accepted", AT)]


def test_o4_an_overridden_card_with_and_without_a_reason():
    assert parse(overridden()) == [Event(CARD, "overridden", AT)]
    assert parse(overridden({"reason": REASON, "userComment": "x"})) == [
        Event(CARD, "overridden", AT, WHY, "patient-refused")
    ]
    assert parse(overridden({"userComment": "x"})) == [Event(CARD, "overridden", AT)]


def test_o5_a_reason_may_come_with_or_without_a_display():
    assert parse(overridden({"reason": REASON | {"display": "x"}})) == parse(overridden({"reason": REASON}))


def test_n4_a_reason_may_be_one_that_was_never_offered():
    (event,) = parse(overridden({"reason": {"code": "NEW-one", "system": "urn:oid:1.2.3"}}))
    assert (event.reason_system, event.reason_code) == ("urn:oid:1.2.3", "NEW-one")


@pytest.mark.parametrize(
    "reason",
    [
        {"code": "Mr Smith had a stroke", "system": "urn:oid:1.2.3"},
        {"code": "Smith,John", "system": "urn:oid:1.2.3"},
        {"code": "x" * 65, "system": "urn:oid:1.2.3"},
        {"code": "a1", "system": "Smith"},
    ],
    ids=str,
)
def test_what_could_be_more_than_a_code_is_taken_and_not_kept(reason):
    assert parse(overridden({"reason": reason})) == [Event(CARD, "overridden", AT)]


def test_o6_several_cards_and_repeats_are_kept_in_order():
    other = CARD.replace("4", "5")
    events = parse(overridden(), accepted(card=other), overridden(), accepted())
    assert [(event.card, event.outcome) for event in events] == [
        (CARD, "overridden"),
        (other, "accepted"),
        (CARD, "overridden"),
        (CARD, "accepted"),
    ]


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("2026-11-22T06:35:04.651Z", AT),  # as the CDS Hooks sandbox writes it (O10)
        ("2026-11-22t06:35:04.651z", AT),
        ("2026-11-22 06:35:04.6510Z", AT),
        ("2026-11-22T08:05:04.651+01:30", AT),
        ("2026-11-21T22:35:04.651000999-08:00", AT),
        ("2026-11-22T06:35:04Z", AT.replace(microsecond=0)),
        ("2026-11-22T06:35:04-00:00", AT.replace(microsecond=0)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_o2_o10_timestamps_of_rfc_3339(stamp, at):
    assert parse(accepted(outcomeTimestamp=stamp))[0].outcome_at == at
    assert parse(accepted(outcomeTimestamp=stamp))[0].outcome_at.tzinfo is UTC


@pytest.mark.parametrize(
    "stamp",
    [
        None,
        "",
        "2026-11-22",
        "2020-12-16T10:00:00",
        "2026-11-22T06:35Z",
        "2026-11-22T06:35:61Z",
        "2026-11-22T24:00:00Z",
        "2026-02-29T06:35:04Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-11-22T06:35:04+0100",
        "2026-11-22T06:35:04+25:00",
        " 2026-11-22T06:35:04Z",
        "2026-11-22T06:35:04Z\n",
        "٢٠٢٦-11-22T06:35:04Z",
        1_700_000_000,
    ],
)
def test_o2_timestamps_that_are_not(stamp):
    assert problems(accepted(outcomeTimestamp=stamp)) == [
        "feedback[0].outcomeTimestamp must be a date and time with a zone, as in RFC 3339"
    ]


@pytest.mark.parametrize("card", [CARD.upper(), f"urn:uuid:{CARD}", f"URN:UUID:{CARD.upper()}"])
def test_o2_a_uuid_in_any_form_of_rfc_4122_is_the_same_card(card):
    assert parse(accepted(card=card)) == parse(accepted())


@pytest.mark.parametrize(
    "card", [None, "", "x", CARD[:-1], CARD + "0", CARD.replace("-", ""), f"{{{CARD}}}", 7, [CARD]]
)
def test_o2_a_card_that_is_no_uuid(card):
    assert problems(accepted(card=card)) == ["feedback[0].card must be a uuid"]


@pytest.mark.parametrize("outcome", [None, "", "Accepted", "ignored", "viewed", 1, ["accepted"]])
def test_o2_an_outcome_of_another_name(outcome):
    assert problems(accepted(outcome=outcome)) == ["feedback[0].outcome must be accepted or overridden"]


@pytest.mark.parametrize("suggestions", [None, [], {}, {"id": CARD}, "x"])
def test_o3_an_acceptance_without_suggestions(suggestions):
    assert problems(accepted(acceptedSuggestions=suggestions)) == [
        "feedback[0].acceptedSuggestions must be a list of one suggestion or more when the outcome is accepted"
    ]


def test_o3_a_suggestion_without_a_uuid_is_named():
    told = problems(accepted(acceptedSuggestions=[{"id": CARD}, {"id": "x"}, {}, "x"]))
    assert told == [f"feedback[0].acceptedSuggestions[{at}].id must be a uuid" for at in (1, 2, 3)]


@pytest.mark.parametrize("reason", [{}, [], "x", {"reason": None}, {"userComment": None}, {"other": 1}])
def test_o4_an_override_reason_without_reason_and_comment(reason):
    assert problems(overridden(reason)) == [
        "feedback[0].overrideReason must be an object with a reason or a userComment, or be left out"
    ]


@pytest.mark.parametrize("code", [None, "", " ", " x", "x ", "x  y", "x\ty", "x\0", "x" * 129, 1])
def test_o4_a_reason_with_a_code_that_is_no_code(code):
    assert problems(overridden({"reason": REASON | {"code": code}})) == [
        "feedback[0].overrideReason.reason.code must be a code of at most 128 characters"
    ]


@pytest.mark.parametrize("system", [None, "", "a b", "http://x/\n", "x" * 257, {}])
def test_o4_a_reason_with_a_system_that_is_no_uri(system):
    assert problems(overridden({"reason": REASON | {"system": system}})) == [
        "feedback[0].overrideReason.reason.system must be a URI of at most 256 characters"
    ]


def test_a_comment_is_kept_only_where_comments_are():
    item = overridden({"reason": REASON, "userComment": "The patient\nsaid no."})
    assert parse(item)[0].comment is None
    assert parse(item, keep_comments=True)[0].comment == "The patient\nsaid no."
    assert parse(overridden({"userComment": ""}), keep_comments=True)[0].comment is None


@pytest.mark.parametrize("comment", ["x" * (COMMENT_LENGTH + 1), "x\0", 5, ["x"]])
def test_a_comment_that_cannot_be_kept_is_refused_and_not_looked_at_otherwise(comment):
    item = overridden({"userComment": comment})
    told = f"feedback[0].overrideReason.userComment must be a text of at most {COMMENT_LENGTH} characters"
    assert problems(item, keep_comments=True) == [told]
    assert parse(item) == parse(overridden())


def test_what_the_outcome_does_not_use_and_unknown_fields_are_ignored():
    assert parse(accepted(overrideReason=5, more={})) == parse(accepted())
    assert parse(overridden(acceptedSuggestions=5, overrideReason=None)) == parse(overridden())


def test_every_problem_of_every_item_is_listed_and_no_value():
    secret = "Jane-Doe"
    bad = [
        accepted(),
        secret,
        {"card": secret, "outcome": secret, "outcomeTimestamp": secret},
        overridden({"reason": {"code": f" {secret}", "system": f"{secret} "}}, card=None),
        accepted(acceptedSuggestions=[{"id": secret}]),
    ]
    told = problems(*bad)
    assert [each.partition(" ")[0] for each in told] == [
        "feedback[1]",
        "feedback[2].card",
        "feedback[2].outcomeTimestamp",
        "feedback[2].outcome",
        "feedback[3].card",
        "feedback[3].overrideReason.reason.code",
        "feedback[3].overrideReason.reason.system",
        "feedback[4].acceptedSuggestions[0].id",
    ]
    assert secret not in "".join(told)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"feedback":null}',
        b'{"feedback":{}}',
        b'{"feedback":[]}',
        json.dumps(accepted()).encode(),
        b"\xff",
        b'{"feedback":["\\ud800"]}',
        b'{"feedback":' + b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_o2_a_body_that_is_no_list_of_feedback(body):
    with pytest.raises(BadRequest):
        parse_feedback(body, keep_comments=False)


def test_more_items_than_are_taken():
    assert len(parse(*[accepted()] * ITEMS)) == ITEMS
    with pytest.raises(TooLarge) as refused:
        parse(*[accepted()] * (ITEMS + 1))
    assert refused.value.status == 413
