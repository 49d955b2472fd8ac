"""Every golden case is explained as it is answered: what is said to have fired is what fired, and no action is lost."""

from dataclasses import replace

import msgspec
import pytest

from cds_service.cases.run import fired_actions
from cds_service.core.explain.walk import explain_plan
from cds_service.core.explain.words import reasons
from cds_service.core.fhirpath.condition import compile_condition
from cds_service.core.plan import Action
from cds_service.errors import RequestError
from cds_service.hooks.answer import find_service
from cds_service.hooks.explain import explain
from tests.golden import CASES, ask

pytestmark = pytest.mark.usefixtures("unmeasured")

PARTS = 4
UNIT_SUSPECT = [
    name for name, case in CASES.items() if any("dose-unit-suspect" in card.warnings for card in case.cards or ())
]
TOO_LOW = next(
    name
    for name, case in CASES.items()
    if any("dose-too-low" in card.warnings for card in case.cards or ())
    and any(each.disorder == "cidp" for card in case.cards or () for each in card.recommendations)
)


def explained(knowledge, name, request=None):
    case, service = CASES[name], find_service(knowledge, name.partition("/")[0])
    return explain(knowledge, service, msgspec.json.encode(request or case.request), case.today)


def whole_tree(plan, plans):
    """Return 'plan#action' of every action of a plan and of the plans it leads to."""
    found = set()
    for action in plan.walk():
        found.add(f"{plan.id}#{action.id}")
        if action.definition:
            found |= whole_tree(plans[action.definition], plans)
    return found


def holds(step):
    if step.condition is None:
        return True
    return step.action.applies_on_unknown if step.condition.truth is None else step.condition.truth


def assert_told(step):
    """What became of a step goes with its condition; what is not asked has no condition; a reason is never lacking."""
    if step.outcome == "not-asked":
        assert step.condition is None
        assert step.because
    elif step.outcome == "silent":
        assert step.because if holds(step) else not step.because
    elif step.kind != "branch":
        assert holds(step)
    assert (step.outcome == "taken") <= (step.kind in {"group", "plan", "remarks"})


@pytest.fixture(scope="module")
def tree(knowledge):
    (content,) = {id(each.content): each.content for each in knowledge.services.values()}.values()
    return whole_tree(content, knowledge.library.plans)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_fired_is_what_the_answer_says_and_no_action_is_lost(knowledge, tree, part):
    for name in sorted(CASES)[part::PARTS]:
        try:
            answered = ask(knowledge, name, CASES[name].request)
        except RequestError as error:
            with pytest.raises(type(error)):
                explained(knowledge, name)
            continue
        orders = explained(knowledge, name).orders
        assert set().union(*(each.fired for each in orders)) == fired_actions(answered), name
        for order in orders:
            steps = order.walk()
            assert order.facts is None or {each.name for each in steps} == tree, name
            for each in steps:
                assert_told(each)


def test_every_action_that_is_silent_has_a_reason_in_words(knowledge):
    for name in sorted(CASES)[::30]:
        for order in explained(knowledge, name).orders if CASES[name].cards is not None else ():
            assert all(map(reasons, (each for each in order.walk() if each.outcome == "silent"))), name


def one(knowledge, name):
    (order,) = explained(knowledge, f"ivig-order-select/{name}").orders
    return order


def step(order, name, kind=None):
    return next(each for each in order.walk() if each.name == name and kind in (None, each.kind))


def test_an_earlier_alternative_leaves_the_others_unasked(knowledge):
    order = one(knowledge, "patient-with-a-date-of-death-gets-one-critical-card")
    unasked = step(order, "cidp#recommend")
    assert (unasked.outcome, unasked.because) == ("not-asked", "ivig-orders#patient-deceased applied first")
    assert step(order, "patient-deceased#check-identity").outcome == "fired"


def test_below_a_silent_group_nothing_is_asked(knowledge):
    order = one(knowledge, "immune-thrombocytopenic-purpura-is-silent")
    group = step(order, "ivig-orders#safety-and-dose")
    assert (order.fired, group.outcome, group.condition.truth) == (set(), "silent", False)
    below = group.walk()[1:]
    assert len(below) > 40
    assert {(each.outcome, each.because) for each in below} == {("not-asked", f"{group.name} was silent")}


def test_a_card_without_lines_is_silent_and_can_still_offer_what_is_missing(knowledge):
    order = one(knowledge, "adult-with-cidp-in-icd-10-cm-is-recommended")
    card = step(order, "safety#safety")
    assert (card.outcome, card.because) == ("silent", "none of the risks below it applies, so it makes no card")
    assert [each.name for each in card.children if each.kind == "suggestion" and each.outcome == "fired"]


def test_a_dose_that_only_the_explanation_asks_for_is_not_remembered(knowledge):
    """The regimens that a dose is compared with are those of the recommendations so far: asked too early, none."""
    found = explained(knowledge, TOO_LOW)
    (order,), plans = found.orders, {each.id: each.url for each in knowledge.library.plans.values()}
    early = Action("early", risk="early", condition=compile_condition("false and %dose.given"))
    steps = [Action(name, definition=plans[name]) for name in ("cidp", "dose")]
    content = replace(found.service.content, actions=(Action("top", children=(early, *steps)),))
    told = explain_plan(content, order.facts, knowledge.terminology, knowledge.library, content.actions)
    assert "dose#too-low" in {each.name for top in told for each in top.walk() if each.outcome == "fired"}


def test_a_suggestion_that_gives_way_to_another_says_so(knowledge):
    found = [order for name in UNIT_SUSPECT for order in explained(knowledge, name).orders]
    reasons_given = {each.because for order in found for each in order.walk() if each.name == "cidp#add-reason"}
    assert any("another suggestion stands in its place" in each for each in reasons_given)


def test_branches_fire_without_being_asked(knowledge):
    order = one(knowledge, "cidp-with-mgus-of-unknown-isotype-shows-cidp-and-both-branches")
    decide = step(order, "paraprotein-isotype-unknown#decide")
    branches = [each for each in decide.walk() if each.kind == "branch"]
    assert [(each.outcome, each.condition) for each in branches] == [("fired", None)] * 2
    assert step(order, "igm-paraprotein-neuropathy#remove-order", "suggestion").outcome == "not-asked"
    assert step(order, "igm-paraprotein-neuropathy#recommend", "recommendation").outcome == "silent"


def test_an_order_of_something_else_says_which_part_of_the_condition_is_not_true(knowledge):
    order = one(knowledge, "order-of-hizentra-in-rxnorm-is-silent")
    assert order.facts is None
    (top,) = order.steps
    assert (top.name, top.outcome, top.children) == ("ivig-orders#order", "silent", ())
    assert any("immunoglobulin-excluded|" in each for each in reasons(top))


def test_without_an_order_in_scope_the_drafts_are_counted(knowledge):
    found = explained(knowledge, "ivig-order-select/cancelled-ivig-order-without-any-prefetch-is-silent")
    assert (found.orders, found.drafts) == ((), 1)


def test_data_that_did_not_come_leaves_a_risk_unknown(knowledge):
    name = "missing-observations-are-said-to-be-unchecked"
    found = explained(knowledge, f"ivig-order-select/{name}")
    assert "observations" in found.missing
    (order,) = found.orders
    renal = step(order, "renal-risks#renal-insufficiency")
    assert (renal.outcome, renal.condition.truth) == ("silent", None)
    assert "%observations: the data was not available" in reasons(renal)
    assert order.facts is not None


def test_the_explanation_of_one_call_is_the_same_every_time(knowledge):
    name = "ivig-order-select/risk-egfr-59-is-renal-risk"
    one, other = (msgspec.json.encode(explained(knowledge, name).to_json()) for _ in range(2))
    assert one == other
