"""A small terminology, facts and conditions drawn at random."""

from dataclasses import replace

from hypothesis import strategies as st

from cds_service.core.coding import Code
from cds_service.core.facts import Facts, hits
from cds_service.core.fhirpath.condition import compile_condition
from cds_service.core.fhirpath.scope import Scope
from cds_service.core.records import Lab, Order, Problem
from cds_service.core.resources import Coding, Concept, Quantity, ReferenceRange, Resource
from cds_service.core.valueset import Terminology, ValueSet

CODES = "http://example.org/codes"
SETS = {
    "rash": ("red rash", "itch"),
    "burn": ("burn", "itch"),
    "lotion": ("lotion",),
    "assay": ("assay",),
    "positive": ("pos", "detected"),
    "wording": ("reactive", "detected"),
    "apart": ("no", "not", "rule out"),
}
URLS = {name: f"http://example.org/ValueSet/{name}" for name in SETS}


def _value_set(name):
    return ValueSet(URLS[name], "1", {Code(CODES, text, text): (text,) for text in SETS[name]})


TERMINOLOGY = Terminology([_value_set(name) for name in SETS], {})
TODAY = (2026, 11, 22)

# Facts

_codings = st.builds(
    Coding,
    st.just(CODES) | st.just(CODES) | st.just("http://example.org/unknown"),
    st.sampled_from(["red rash", "itch", "burn", "lotion", "assay", "pos", "nothing"]),
)
_texts = st.sampled_from(
    [None, "itch", "Burn", "red rash, not a burn", "burn with red rash", "no red rash", "detected", "not detected"]
)
concepts = st.builds(Concept, st.none() | st.lists(_codings, min_size=1, max_size=2), _texts)
problems = st.lists(
    st.builds(Problem, st.just("Condition/1"), concepts, st.sampled_from(["code", "encounter", "reason"])), max_size=3
)
_quantities = st.none() | st.builds(Quantity, st.sampled_from([1, 5, 9.5]), st.sampled_from([None, "<", ">"]))
_ranges = st.lists(st.builds(ReferenceRange, st.builds(Quantity, st.sampled_from([5, 9]))), max_size=1)
labs = st.lists(
    st.builds(
        Lab,
        st.just("Observation/1"),
        st.builds(
            Concept,
            st.sampled_from([None, [Coding(CODES, "assay")], [Coding("http://example.org/unknown", "assay")]]),
            _texts | st.just("assay"),
        ),
        st.none() | st.lists(concepts, max_size=1),
        _texts,
        st.none() | concepts,
        _quantities,
        _ranges,
    ),
    max_size=2,
)
DATES = ["2008-11-22", "2008-11-23", "2008-11", "2008", "2008-12", "1970-01-01", "2026-11-22", "2024-02-29"]
dates = st.sampled_from(DATES)
patients = st.builds(
    Resource,
    birth_date=st.none() | dates,
    deceased_boolean=st.sampled_from([None, True, False]),
    deceased_date_time=st.none() | dates,
)
orders = st.builds(
    Order,
    st.just("MedicationRequest/1"),
    st.sampled_from(["MedicationRequest", "ServiceRequest"]),
    st.sampled_from([None, "draft", "active"]),
    st.sampled_from([None, True, False]),
    st.none() | st.just([{"url": "http://example.org/not"}]),
    st.lists(concepts, max_size=2),
    st.lists(concepts, max_size=1),
)
facts = st.builds(
    Facts, orders, st.none() | patients, problems, labs, st.sampled_from([TODAY, (2024, 2, 29)]), st.just(TODAY)
)


def indexed(known):
    return replace(known, hits=hits(known, TERMINOLOGY))


# Conditions

_set = st.sampled_from(["rash", "burn", "lotion", "assay"]).map(lambda name: f"'{URLS[name]}'")
_member = _set.map(lambda url: f"code.memberOf({url})")
_mention = _set.map(lambda url: f"code.mentions({url}, '{URLS['apart']}')")
_of_problem = _member | _member | _mention | st.sampled_from(["true", "{}", "code.exists()"])
_positive = f"isPositive('{URLS['positive']}', '{URLS['wording']}', '{URLS['apart']}')"
_of_lab = _member | _set.map(lambda url: f"value.mentions({url}, '{URLS['apart']}')") | st.just(_positive)
_bound = st.builds(
    lambda start, number, unit: f"{start} - {number} {unit}",
    st.sampled_from(["%orderDate", "today()"]),
    st.sampled_from([18, 18, 0, 1, 19]),
    st.sampled_from(["years", "months", "days"]),
)
date_tests = st.builds(
    lambda op, bound: f"%patient.birthDate {op} {bound}",
    st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
    _bound | st.sampled_from(["%orderDate", "today()", "%patient.birthDate"]),
)
_of_order = _set.map(lambda url: f"%order.code.memberOf({url})") | _set.map(lambda url: f"%order.route.memberOf({url})")
_constants = st.sampled_from(
    """
    true | false | {} | %patient.deceasedBoolean | %patient.deceasedBoolean = true | %patient.deceasedBoolean != false
    | %patient.deceasedDateTime.exists() | %patient.birthDate.empty() | %patient.exists() | %order.route.exists()
    | %order.modifierExtension.exists() | %order.status = 'draft' | %order.status != 'draft' | %order.doNotPerform
    | %order.resourceType = 'ServiceRequest' | %recommendations.exists() | %problems.empty() | %current.exists()
    """.replace("\n", " ").split(" | ")
).map(str.strip)


def _joined(parts):
    two = st.builds(lambda a, op, b: f"({a} {op} {b})", parts, st.sampled_from(["and", "or"]), parts)
    one = st.builds(lambda a, name: f"({a}).{name}()", parts, st.sampled_from(["not", "not", "empty"]))
    choice = st.builds(lambda a, b, c: f"iif({a}, {b}, {c})", parts, parts, parts)
    return two | two | one | choice | st.builds(lambda a, b: f"iif({a}, {b})", parts, parts)


def _criteria(leaves):
    first = st.builds(lambda a, b: f"{a} and {b}", _member, leaves)
    return first | st.recursive(leaves, _joined, max_leaves=3)


def _found(variables, leaves):
    forms = st.sampled_from(
        ["%{}.where({}).exists()", "%{}.exists({})", "%{}.where({}).exists().not()", "%{}.where({}).empty()"]
    )
    return st.builds(lambda form, name, text: form.format(name, text), forms, variables, _criteria(leaves))


_searches = _found(st.sampled_from(["problems", "current"]), _of_problem) | _found(st.just("observations"), _of_lab)
conditions = st.recursive(_searches | _searches | date_tests | _of_order | _constants, _joined, max_leaves=5)


def truth(text, known, terminology=TERMINOLOGY, recommendations=()):
    """Return what our compiled condition says."""
    return compile_condition(text).predicate(Scope(known, terminology, list(recommendations)), None).truth
