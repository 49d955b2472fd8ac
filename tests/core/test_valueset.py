"""Membership: the plain definition, the index over all sets, and the quick test say the same."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.core.coding import NDC, Code
from cds_service.core.concept import is_coded, texts_of
from cds_service.core.index import Index, Match, Part, index_codes
from cds_service.core.resources import Coding, Concept
from cds_service.core.text import Reading
from cds_service.core.valueset import Terminology, ValueSet
from tests.core.odd_concepts import concepts, ndc_forms

HYPOTHESIS = settings(max_examples=250, deadline=None, database=None)
CODES, OTHER = "http://example.org/codes", "http://example.org/other"
ALIASES = {"urn:oid:1.2.3": CODES, "http://example.org/old-other": OTHER, "urn:oid:1.2.4": NDC}


def value_set(name, names_of):
    return ValueSet(
        f"http://example.org/ValueSet/{name}", "1", {Code(*code): names for code, names in names_of.items()}
    )


RASH = value_set(
    "rash",
    {
        (CODES, "R1", "Red rash (disorder)"): ("Red rash (disorder)", "Exanthème rouge"),
        (OTHER, "R1", "Itch"): ("Itch",),
    },
)
BURN = value_set("burn", {(CODES, "B1", "Burn"): ("Burn", "Red rash")})
LOTION = value_set("lotion", {(NDC, "00944-2700", "Lotion"): ("Lotion",)})
APART = value_set("apart", {(CODES, "no", "no"): ("no", "rule out")})
SMALL = Terminology([RASH, BURN, LOTION, APART], ALIASES)


def concept(*codings, text=None):
    return Concept([Coding(*coding) for coding in codings] or None, text)


def found(value):
    return {url.rpartition("/")[2]: match.code.code for url, match in SMALL.members(value).items()}


@pytest.mark.parametrize(
    ("value", "sets"),
    [
        (concept((CODES, "R1")), {"rash": "R1"}),
        (concept(("urn:oid:1.2.3", "R1")), {"rash": "R1"}),
        (concept((CODES, " R1 ")), {}),  # FHIR allows no blanks about a code
        (concept((CODES, "r1")), {}),
        (concept((CODES, "X"), (OTHER, "R1")), {"rash": "R1"}),
        (concept((CODES, "R1"), (CODES, "B1")), {"rash": "R1", "burn": "B1"}),
        (concept(("http://example.org/unknown", "R1")), {}),
        (concept((None, "R1")), {}),
        (concept(("http://example.org/unknown", "X"), text="Red rash"), {}),  # a coded record is not read as text
        (concept(text="red RASH"), {"rash": "R1", "burn": "B1"}),
        (concept(text="Red rash (disorder)"), {"rash": "R1"}),
        (concept(text="exantheme rouge"), {"rash": "R1"}),
        (concept(text="a red rash"), {}),
        (concept((CODES, None, "Itch")), {"rash": "R1"}),  # a display without a code is a text
        (concept((CODES, "", "Itch")), {"rash": "R1"}),
        (concept((NDC, "00944-2700-02")), {"lotion": "00944-2700-02"}),
        (concept((NDC, "0944-2700-02")), {"lotion": "0944-2700-02"}),
        (concept((NDC, "00944270002")), {"lotion": "00944270002"}),
        (concept(("urn:oid:1.2.4", "0944270002")), {"lotion": "0944270002"}),
        (concept((NDC, "00944-2701-02")), {}),
        (concept((CODES, "00944-2700-02")), {}),
        (concept(), {}),
        (Concept(), {}),
        (Concept(coding=Coding(CODES, "R1")), {"rash": "R1"}),  # one object where a list belongs
        (Concept(coding=[None, 5, "x", Coding(CODES, "R1")]), {"rash": "R1"}),
        (Concept(coding="R1", text="burn"), {"burn": "B1"}),
        (Concept(coding=[Coding([CODES], ["R1"])]), {}),
        (Concept(coding=[Coding(CODES, 5)]), {}),
        (Concept(text=5), {}),
    ],
)
def test_the_sets_that_hold_a_concept(value, sets):
    assert found(value) == sets


def test_a_match_says_which_set_which_code_and_whether_text_decided():
    by_code = SMALL.members(concept((CODES, "R1", "whatever the record says")))[RASH.url]
    assert by_code == (f"{RASH.url}|1", Code(CODES, "R1", "Red rash (disorder)"), False)
    by_text = SMALL.members(concept(text="itch"))[RASH.url]
    assert by_text == (f"{RASH.url}|1", Code(OTHER, "R1", "Itch"), True)


def test_the_first_coding_that_matches_is_the_evidence():
    two = concept((OTHER, "R1"), (CODES, "R1"))
    assert SMALL.members(two)[RASH.url].code.display == "Itch"


@HYPOTHESIS
@given(data=st.data())
def test_each_set_agrees_with_the_index_over_all_of_them(knowledge, data):
    terminology = knowledge.terminology
    value = data.draw(concepts(terminology))
    members = terminology.members(value)
    for url, each in terminology.value_sets.items():
        assert each.member(value, terminology.systems) == members.get(url)


@HYPOTHESIS
@given(data=st.data())
def test_what_cannot_match_is_in_no_set(knowledge, data):
    value = data.draw(concepts(knowledge.terminology))
    assert knowledge.terminology.may_match(value) or knowledge.terminology.members(value) == {}


def test_every_code_of_a_set_is_found_under_every_name_of_its_system(knowledge):
    names = {}
    for name, system in knowledge.terminology.systems.items():
        names.setdefault(system, []).append(name)
    for url, each in knowledge.terminology.value_sets.items():
        for code in each.names_of:
            forms = ndc_forms(code.code) if code.system == NDC else [code.code]
            for form, system in product(forms, names[code.system]):
                match = knowledge.terminology.members(Concept([Coding(system, form)])).get(url)
                assert match is not None
                assert (match.code.code, match.by_text) == (form, False)


def test_every_name_of_a_code_is_found_as_text(knowledge):
    for url, each in knowledge.terminology.value_sets.items():
        for names in each.names_of.values():
            assert all(url in knowledge.terminology.members(Concept(text=name.upper())) for name in names)


def test_most_records_of_other_systems_are_told_quickly():
    assert not SMALL.may_match(concept((CODES, "X")))
    assert not SMALL.may_match(concept(("http://example.org/unknown", "X"), text="Red rash"))


@pytest.mark.parametrize("junk", [None, 5, "x", True, [], ["x"], {}])
def test_the_quick_test_passes_what_is_no_concept(junk):
    assert SMALL.may_match(junk)


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        ([Coding(CODES, "X")], True),
        ([Coding(None, "X")], True),
        ([Coding(CODES, None)], False),
        ([Coding(CODES, "")], False),
        (Coding(CODES, "X"), True),
        ([], False),
        (None, False),
        ("X", False),
    ],
)
def test_a_concept_is_coded_when_it_carries_any_code(coding, coded):
    assert is_coded(Concept(coding)) is coded


def test_the_texts_of_a_concept_are_its_own_and_its_displays():
    value = Concept([Coding(CODES, "X", "first"), Coding(CODES, "Y", 5), Coding(CODES, "Z", "second")], "own")
    assert texts_of(value) == ["own", "first", "second"]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("with a red rash", True),
        ("no red rash", False),
        ("no fever. Red rash", True),
        ("redrash", False),
        (concept((CODES, "B1"), text="burn with red rash"), True),
        (concept((CODES, "B1", "Burn, rule out red rash")), False),
        (concept((CODES, "R1", "Red rash (disorder)")), False),  # the name of its own code adds nothing
        (concept((CODES, "R1"), text="red rash (disorder)"), False),
        (concept((CODES, "R1"), text="red rash, itch"), True),
        (concept(text=None), False),
        (Concept(coding=5, text=["red rash"]), False),
    ],
)
def test_a_text_mentions_a_set(value, named):
    match = SMALL.mentions(value, RASH.url, APART.url)
    assert bool(match) is named
    assert match is None or (match.value_set == RASH.canonical and match.by_text)


def mentioned(terminology, text, value_set, distancing):
    """The plain definition: the first phrase of the set that the text names."""
    reading, apart = Reading(text), tuple(distancing.phrases)
    named = (code for phrase, code in value_set.phrases.items() if reading.names(phrase, apart))
    return next((Match(value_set.canonical, code, True) for code in named), None)


@HYPOTHESIS
@given(data=st.data())
def test_a_mention_is_found_by_the_index_as_by_going_through_the_set(knowledge, data):
    terminology = knowledge.terminology
    url = data.draw(st.sampled_from(sorted(terminology.value_sets)))
    others = [name for each in terminology.value_sets.values() for names in each.names_of.values() for name in names]
    own = [name for names in terminology.value_sets[url].names_of.values() for name in names]
    words = (
        st.sampled_from(own) | st.sampled_from(own) | st.sampled_from(others) | st.sampled_from([",", ".", "no", "x"])
    )
    text = " ".join(data.draw(st.lists(words, max_size=5)))
    apart = "http://cds-service.example.org/fhir/ValueSet/distancing-wording"
    expected = mentioned(terminology, text, terminology.value_sets[url], terminology.value_sets[apart])
    assert terminology.mentions(text, url, apart) == expected


TAGGED = (CODES, "1", "Skin burn (disorder)"), ("Skin burn (disorder)",)
UNTAGGED = (CODES, "2", "x"), ("Skin burn disorder", "a")


@pytest.mark.parametrize("codes", [(TAGGED, UNTAGGED), (UNTAGGED, TAGGED)])
def test_of_several_codes_with_one_name_the_first_of_the_set_counts(codes):
    several = value_set("several", dict(codes))
    terminology = Terminology([several, APART], {})
    for text in ("a skin burn", "skin burn disorder", "a", "no skin burn. a", "no a. skin burn disorder"):
        expected = mentioned(terminology, text, several, APART)
        assert expected
        assert terminology.mentions(text, several.url, APART.url) == expected
        by_name = several.member(concept(text=text), terminology.systems)
        assert terminology.members(concept(text=text)).get(several.url) == by_name


def test_a_set_is_frozen_and_names_itself_with_its_version():
    assert RASH.canonical == "http://example.org/ValueSet/rash|1"
    with pytest.raises(AttributeError):
        RASH.version = "2"
    assert replace(RASH, version="2").member(concept(text="itch"), SMALL.systems).value_set.endswith("|2")


@HYPOTHESIS
@given(data=st.data())
def test_aliases_of_systems_that_no_set_uses_are_not_kept(data):
    unused = data.draw(st.text(min_size=1, max_size=5))
    terminology = Terminology([BURN], {unused: "http://example.org/nowhere", "urn:oid:1.2.3": CODES})
    assert set(terminology.systems) == {CODES, "urn:oid:1.2.3"}


def test_the_index_keeps_what_sets_have_and_nothing_of_what_is_asked():
    index = Index(by_text=False)
    for each in (RASH, BURN):
        index.merge(Part(each.url, each.canonical, index_codes(each.names_of)[CODES]))
    assert [dict(index[f"unknown {i}"]) for i in range(9)] == [{}] * 9
    assert len(index) == 0
    code = next(iter(RASH.names_of))
    assert index[code.code] == index[code.code] == {RASH.url: Match(RASH.canonical, code, False)}
    assert len(index) == 1
