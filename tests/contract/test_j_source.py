"""J: the source of a card."""

import json
from urllib.parse import urlsplit

from tests.contract.walk import cards

CARD_TYPES = "http://terminology.hl7.org/CodeSystem/cdshooks-card-type"
CODES = """
coverage-info unsolicited-determ claim insurance limits network appropriate-use cost therapy-alternatives-opt
therapy-alternatives-req clinical-reminder duplicate-therapy contraindication guideline off-guideline
""".split()


def sources(answers):
    found = [card["source"] for _, card in cards(answers)]
    assert len(found) > 500
    return found


def is_absolute(url):
    parts = urlsplit(url)
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def test_J1_every_source_has_a_short_label(answers):
    for each in sources(answers):
        assert each["label"] == each["label"].strip()
        assert 0 < len(each["label"]) <= 80


def test_J2_a_source_has_one_absolute_address_whatever_the_card_is_about(answers):
    addresses = {}
    for each in sources(answers):
        assert is_absolute(each["url"])
        assert addresses.setdefault(each["label"], each["url"]) == each["url"]
    assert len(set(addresses.values())) == len(addresses)


def test_J3_an_icon_is_an_absolute_address_or_left_out(answers):
    assert all(is_absolute(each.get("icon", "https://none.example.org")) for each in sources(answers))


def test_J4_a_topic_is_a_coding_with_system_and_code(answers):
    for each in sources(answers):
        topic = each["topic"]
        assert {"system", "code"} <= set(topic) <= {"system", "code", "display", "version", "userSelected"}
        assert all(isinstance(topic[name], str) and topic[name] for name in ("system", "code"))


def test_J5_a_topic_is_a_card_type_of_hl7(answers):
    found = {(each["topic"]["system"], each["topic"]["code"]) for each in sources(answers)}
    assert found <= {(CARD_TYPES, code) for code in CODES}
    assert {code for _, code in found} >= {"guideline", "off-guideline", "clinical-reminder"}


def test_J6_the_source_is_the_statement_that_speaks(answers):
    spoken = set()
    for _, card in cards(answers):
        for each in card.get("extension", {}).get("org.cds-service.recommendations", [])[:1]:
            spoken.add((each["guideline"], card["source"]["label"]))
    assert spoken
    for guideline, label in spoken:
        assert guideline.replace("-", " ") in label.lower(), json.dumps([guideline, label])
