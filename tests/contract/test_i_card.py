"""I: cards, over all golden cases."""

import re
from uuid import UUID

from tests.contract.service import advice, post, served
from tests.contract.walk import cards, links
from tests.requests import PRIVIGEN, condition, order, request

INDICATORS = ("critical", "warning", "info")
GRAVE = ("contraindication-", "dose-unit-suspect", "dose-too-high")
LESS_IMPORTANT = ("**Order:", "**Matched", "**Class", "Could not be checked", "Sources: ")
HTML = re.compile(r"<[A-Za-z/!?]")
ADDRESS = re.compile(r"https?://[^\s)>\]]+")


def test_I1_a_summary_is_one_line_of_fewer_than_140_characters(answers):
    found = [card["summary"] for _, card in cards(answers)]
    assert len(found) > 500
    for each in found:
        assert isinstance(each, str)
        assert 0 < len(each) < 140, each
        assert each == " ".join(each.split())


def test_I2_an_indicator_is_one_of_three(answers):
    assert {card["indicator"] for _, card in cards(answers)} == set(INDICATORS)


def test_I3_every_card_has_a_source(answers):
    assert all(isinstance(card["source"], dict) for _, card in cards(answers))


def test_I4_every_card_has_a_uuid_of_its_own_in_every_answer(knowledge):
    body = request(condition("G61.81"), condition("G72.41", "c2"))
    with served(knowledge) as client:
        found = [card["uuid"] for _ in range(20) for card in post(client, body).json["cards"]]
    assert len({UUID(each) for each in found}) == len(found) == 40


def test_I5_detail_is_markdown_without_html(answers):
    for call, card in cards(answers):
        assert isinstance(card.get("detail", ""), str)
        assert not HTML.search(card.get("detail", "")), call.name


def test_I5_a_name_from_the_record_brings_no_html_into_a_card(client):
    drug = order(medicationCodeableConcept={"coding": [PRIVIGEN], "text": "<img src=x onerror=alert(1)>IVIG"})
    (card,) = advice(post(client, request(condition("G61.81"), orders=[drug])))
    assert "IVIG" in card["detail"]
    assert not HTML.search(str(card["detail"]) + card["summary"])


def test_I6_a_card_with_suggestions_says_how_many_may_be_taken(answers):
    found = [card for _, card in cards(answers)]
    assert [card for card in found if "suggestions" in card]
    assert all("selectionBehavior" in card for card in found if "suggestions" in card)
    assert not [card for card in found if "selectionBehavior" in card and "suggestions" not in card]


def test_I7_how_many_may_be_taken_is_one_of_two_words(answers):
    found = {card.get("selectionBehavior") for _, card in cards(answers)} - {None}
    assert found <= {"any", "at-most-one"}


def test_I8_where_one_may_be_taken_at_most_one_is_recommended(answers):
    for _, card in cards(answers):
        recommended = [each for each in card.get("suggestions", []) if each.get("isRecommended")]
        assert len(recommended) <= 1 or card["selectionBehavior"] == "any"


def test_I9_override_reasons_are_codings_with_a_display(answers):
    found = [card["overrideReasons"] for _, card in cards(answers) if "overrideReasons" in card]
    assert found
    assert all(each["display"].strip() for reasons in found for each in reasons)


def test_I10_links_are_a_list_of_objects(answers):
    assert all(isinstance(card.get("links", []), list) for _, card in cards(answers))
    assert all(isinstance(link, dict) for _, link in links(answers))


def test_I11_the_most_urgent_card_comes_first(answers):
    several = 0
    for call in answers:
        ranks = [INDICATORS.index(card["indicator"]) for card in call.cards]
        assert ranks == sorted(ranks), call.name
        several += len(set(ranks)) > 1
    assert several > 50


def test_I12_a_card_names_the_drugs_that_it_is_about(client):
    orders = [
        order(identifier=f"m{i}", medicationCodeableConcept={"coding": [PRIVIGEN], "text": f"Product {name}"})
        for i, name in enumerate(("Alpha", "Beta"))
    ]
    for selected in (orders[:1], orders[1:], orders):
        body = request(condition("G61.81"), condition("G72.41", "c2"), orders=orders)
        body["context"]["selections"] = [f"MedicationRequest/{each['id']}" for each in selected]
        for card in advice(post(client, body)):
            told = [each["id"] for each in orders if each["medicationCodeableConcept"]["text"] in card["detail"]]
            assert told == [each["id"] for each in selected]


def test_I13_no_extension_of_a_guide_that_is_not_claimed_is_sent(answers):
    assert not [call.name for call in answers if "davinci" in call.text]


def test_I14_critical_is_for_a_danger_to_life_only(answers):
    found = [card["extension"] for _, card in cards(answers) if card["indicator"] == "critical"]
    assert found
    for extension in found:
        risks = [each["risk"] for each in extension.get("org.cds-service.warnings", [])]
        deceased = extension.get("org.cds-service.notice") == "patient-deceased"
        assert deceased or any(each.startswith(GRAVE) for each in risks), risks


def test_I15_the_advice_comes_first_the_citation_last_and_every_address_is_a_link(answers):
    for call, card in cards(answers):
        parts = card["detail"].split("\n\n")
        cited = [i for i, part in enumerate(parts) if part.startswith("Sources: ")]
        assert cited in ([], [len(parts) - 1]), call.name
        assert not parts[0].startswith(LESS_IMPORTANT), call.name
        told = {each.rstrip(".,;") for each in ADDRESS.findall(card["detail"])}
        assert told <= {link["url"] for link in card.get("links", [])}, call.name
