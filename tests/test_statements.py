"""What the shipped plans say is what the two consensus statements say: disorder by disorder, row by row."""

import re
from datetime import date

import pytest

from cds_service.core.plan import BASE, INDICATORS

A23, A09 = "aanem-2023", "aanem-2009"
DOI = {A23: "10.1002/mus.27922", A09: "10.1002/mus.21433"}
YES, MAYBE, NO, OPEN = "recommended", "consider", "not-recommended", "insufficient-evidence"
# disorder: stance, class of evidence, governing statement, statement the class is taken from
STATEMENTS = {
    "cidp": (YES, "I", A23, A23),
    "gbs-adult": (YES, "I", A23, A23),
    "gbs-pediatric": (YES, "II", A23, A23),
    "mmn": (YES, "I", A23, A23),
    "dermatomyositis": (YES, "I", A23, A23),
    "stiff-person": (YES, "I", A23, A23),
    "mg-exacerbation": (YES, "I", A23, A23),
    "lems": (YES, "II", A23, A23),
    "necrotizing-myopathy-hmgcr": (MAYBE, "IV", A23, A23),
    "mg-stable": (NO, "I", A23, A23),
    "ibm": (NO, "I", A23, A23),
    "post-polio": (NO, "I", A23, A23),
    "igm-paraprotein-neuropathy": (NO, "I", A23, A23),
    "small-fiber-idiopathic": (NO, "I", A23, A23),
    "small-fiber-tshds": (NO, "I", A23, A23),
    "small-fiber-fgfr3": (NO, "I", A23, A23),
    "miller-fisher": (OPEN, "IV", A23, A09),
    "igg-iga-paraprotein-neuropathy": (OPEN, "IV", A23, A09),
    "autonomic-neuropathy": (OPEN, None, A23, None),
    "autoimmune-neuropathy-chronic": (OPEN, "IV", A23, A09),
    "polymyositis": (OPEN, "IV", A23, A09),
    "brachial-plexopathy": (OPEN, "IV", A23, A09),
    "dlsrp": (OPEN, "IV", A23, A09),
    "necrotizing-myopathy-other": (OPEN, "IV", A23, A23),
    "cryoglobulinemic-neuropathy": (OPEN, "IV", A09, A09),
    "idiopathic-neuropathy": (OPEN, "IV", A09, A09),
}
# rows of Table 2 of 2009: class as printed (None: the table prints "None"), the plans that follow
TABLE_2 = {
    "gbs-adults": ("I", {"gbs-adult"}),
    "gbs-children": ("II", {"gbs-pediatric"}),
    "fisher-syndrome": ("IV", {"miller-fisher"}),
    "cidp": ("I", {"cidp"}),
    "monoclonal-protein-neuropathies": ("IV", {"igm-paraprotein-neuropathy", "igg-iga-paraprotein-neuropathy"}),
    "chronic-autoimmune-neuropathies": ("IV", {"autoimmune-neuropathy-chronic"}),
    "cryoglobulinemia-neuropathies": ("IV", {"cryoglobulinemic-neuropathy"}),
    "idiopathic-neuropathies": ("IV", {"idiopathic-neuropathy", "small-fiber-idiopathic"}),
    "mmn": ("I", {"mmn"}),
    "myasthenia-gravis": ("I", {"mg-exacerbation", "mg-stable"}),
    "lems": ("I", {"lems"}),
    "dermatomyositis": ("I", {"dermatomyositis"}),
    "polymyositis": ("IV", {"polymyositis"}),
    "ibm": (None, {"ibm"}),
    "brachial-plexopathy": ("IV", {"brachial-plexopathy"}),
    "dlsrp": ("IV", {"dlsrp"}),
    "stiff-person": ("I", {"stiff-person"}),
}
DIRECTION = {YES: "for", MAYBE: "for", NO: "against", OPEN: None}
INDICATOR = {YES: "info", MAYBE: "info", NO: "warning", OPEN: "info"}


@pytest.fixture(scope="module")
def plans(knowledge):
    return {plan.id: plan for plan in knowledge.all_plans}


@pytest.fixture(scope="module")
def speaking(knowledge):
    """Return (plan, action) of every action that makes a card or a warning."""
    return [(plan, action) for plan in knowledge.all_plans for action in plan.walk() if action.speaks]


def only_action(plan):
    (action,) = [each for each in plan.walk() if each.stance]
    return action


def url(name):
    return f"{BASE}/PlanDefinition/{name}"


@pytest.mark.parametrize("disorder", STATEMENTS)
def test_each_disorder_has_the_stance_and_class_of_its_statement(plans, disorder):
    plan, action = plans[disorder], only_action(plans[disorder])
    said = (action.stance, action.evidence_class, plan.citations[0].label, action.evidence_from)
    assert said == STATEMENTS[disorder]
    assert (action.disorder, plan.status) == (disorder, "active")


def test_no_other_active_plan_recommends(plans):
    active = [plan for plan in plans.values() if plan.status == "active"]
    assert {plan.id for plan in active if any(each.stance for each in plan.walk())} == set(STATEMENTS)


@pytest.mark.parametrize("disorder", STATEMENTS)
def test_indicator_and_direction_follow_the_stance(plans, disorder):
    action = only_action(plans[disorder])
    assert INDICATORS[action.priority] == INDICATOR[action.stance]
    assert action.direction == DIRECTION[action.stance]


@pytest.mark.parametrize("disorder", STATEMENTS)
def test_each_recommendation_is_reached_by_the_service_once(knowledge, disorder):
    actions = knowledge.services["ivig-order-select"].content.walk()
    assert [each.definition for each in actions].count(url(disorder)) == 1


@pytest.mark.parametrize("row", TABLE_2)
def test_each_row_of_2009_stands_as_a_retired_plan(plans, row):
    plan = plans[f"{A09}-{row}"]
    action = only_action(plan)
    assert plan.status == "retired"
    assert (action.evidence_class, set(plan.successors)) == (TABLE_2[row][0], {url(each) for each in TABLE_2[row][1]})
    assert action.evidence_from == (A09 if action.evidence_class else None)
    assert [citation.label for citation in plan.citations] == [A09]


def test_there_are_seventeen_rows_and_nothing_else_is_retired(plans):
    assert {plan.id for plan in plans.values() if plan.status != "active"} == {f"{A09}-{row}" for row in TABLE_2}
    assert len(TABLE_2) == 17


def test_predecessors_and_successors_are_each_others_mirror(plans):
    forth = {(old.url, new) for old in plans.values() for new in old.successors}
    back = {(old, new.url) for new in plans.values() for old in new.predecessors}
    assert forth - back == {(url(f"{A09}-idiopathic-neuropathies"), url("small-fiber-idiopathic"))} - back
    assert back - forth == set()


def test_each_retired_plan_is_named_by_a_plan_that_followed(plans):
    back = {old for plan in plans.values() for old in plan.predecessors}
    assert back == {plan.url for plan in plans.values() if plan.status == "retired"}


def test_no_retired_plan_fires(knowledge):
    assert {plan.status for plan in knowledge.library.plans.values()} == {"active"}


def test_each_summary_is_short_and_says_the_year(speaking):
    for plan, action in speaking:
        assert len(action.title) < 140, plan.id
        if action.stance or action.alternatives:
            assert re.search(r"\b(2023|2009)\b", action.title), plan.id


def test_each_summary_names_its_class_and_the_statement_the_class_is_from(plans):
    for disorder, (_, evidence_class, guideline, evidence_from) in STATEMENTS.items():
        title = only_action(plans[disorder]).title
        assert guideline.removeprefix("aanem-") in title, disorder
        if evidence_class:
            assert f"Class {evidence_class}" in title, disorder
            assert not re.search(rf"Class (?!{evidence_class}\b)[IV]+", title), disorder
            assert evidence_from.removeprefix("aanem-") in title, disorder


def test_each_stance_is_in_the_words_of_its_summary(plans):
    words = {
        YES: r"is recommended for",
        MAYBE: r"^Consider\b|should be considered",
        NO: r"not recommended",
        OPEN: r"insufficient",
    }
    for disorder, (stance, *_) in STATEMENTS.items():
        assert re.search(words[stance], only_action(plans[disorder]).title), disorder


def test_each_detail_is_plain_markdown(speaking, knowledge):
    shared = [action.description for action in knowledge.services["ivig-order-select"].content.actions]
    notes = [note.text for _, action in speaking for note in action.notes]
    for text in [*(action.description for _, action in speaking), *notes, *filter(None, shared)]:
        assert text.strip() == text
        assert "<" not in text
        assert "|" not in text
        assert not re.search(r"^\s*#", text, re.MULTILINE)
        assert not re.search(r"TODO|TBD|lorem|\?\?", text, re.IGNORECASE)


def test_each_detail_names_stance_class_and_year(plans):
    for disorder, (_, evidence_class, guideline, _) in STATEMENTS.items():
        first = only_action(plans[disorder]).description.partition("\n\n")[0]
        assert guideline.removeprefix("aanem-") in first, disorder
        assert evidence_class is None or f"Class {evidence_class}" in first, disorder


def test_each_citation_of_a_statement_gives_its_doi(knowledge):
    for plan in knowledge.all_plans:
        for citation in plan.citations:
            if citation.label in DOI:
                assert f"DOI {DOI[citation.label]}" in citation.citation
                assert citation.url == f"https://doi.org/{DOI[citation.label]}"


@pytest.mark.parametrize("disorder", STATEMENTS)
def test_each_card_links_to_its_statement(plans, disorder):
    plan = plans[disorder]
    links = [link.url for link in only_action(plan).links]
    assert {citation.url for citation in plan.citations} <= set(links)
    assert all(link.startswith("https://") for link in links)


WORDS = {
    "gbs-adult": ["2 weeks", "walk", "plasma exchange"],
    "mmn": ["prednisone", "plasma exchange"],
    "cidp": ["early", "plasma exchange", "prednisone"],
    "dermatomyositis": ["refractory"],
    "mg-stable": ["ambigu"],
    "lems": ["Class III", "contradict"],
    "cryoglobulinemic-neuropathy": ["acute renal failure", "skin vasculitis"],
    "necrotizing-myopathy-other": ["our reading"],
    "igg-iga-paraprotein-neuropathy": ["IgA"],
    "ibm": ["None"],
}


@pytest.mark.parametrize(("disorder", "words"), WORDS.items(), ids=list(WORDS))
def test_a_detail_keeps_what_qualifies_its_statement(plans, disorder, words):
    description = only_action(plans[disorder]).description
    assert [word for word in words if word.casefold() not in description.casefold()] == []


def test_the_adverse_effects_and_the_disclaimer_are_on_every_recommendation(knowledge):
    (shared,) = [each.description for each in knowledge.services["ivig-order-select"].content.actions]
    for word in ("headache", "aseptic meningitis", "renal failure", "%", "educational", "treating clinician"):
        assert word in shared


def test_each_plan_was_reviewed_after_both_statements(knowledge):
    versions = {plan.version for plan in knowledge.all_plans}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_each_plan_has_a_review_date_that_is_a_date(shipped):
    for path in shipped.plandefinitions.rglob("*.json"):
        (found,) = re.findall(r'"lastReviewDate": "([^"]+)"', path.read_text())
        assert date.fromisoformat(found) > date(2023, 7, 11), path.name
