"""M: links, over all golden cases."""

from urllib.parse import urlsplit

from tests.contract.walk import cards, links


def found(answers):
    each = [link for _, link in links(answers)]
    assert len(each) > 500
    return each


def test_M1_every_link_has_label_address_and_type(answers):
    for link in found(answers):
        for name in ("label", "url", "type"):
            assert isinstance(link[name], str)
            assert link[name].strip()
        assert urlsplit(link["url"]).scheme in ("https", "http")
        assert urlsplit(link["url"]).hostname


def test_M2_a_link_is_absolute_or_smart(answers):
    assert {link["type"] for link in found(answers)} <= {"absolute", "smart"}


def test_M3_only_a_smart_link_has_a_context_for_its_app(answers):
    assert not [link for link in found(answers) if link["type"] == "absolute" and "appContext" in link]


def test_M4_a_context_for_an_app_is_text(answers):
    assert all(isinstance(link.get("appContext", ""), str) for link in found(answers))


def test_M5_no_link_asks_to_be_opened_by_itself(answers):
    assert not [link for link in found(answers) if "autolaunchable" in link]


def test_M6_the_links_of_a_card_are_of_one_type(answers):
    assert all(len({link["type"] for link in card.get("links", [])}) <= 1 for _, card in cards(answers))
