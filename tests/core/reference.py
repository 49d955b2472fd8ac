"""The small world for fhirpathpy: what its own evaluator says of the same facts."""

import re
from dataclasses import replace

import fhirpathpy
import msgspec

from cds_service.core.fhirpath.dates import shift
from cds_service.core.fhirpath.functions import is_positive
from cds_service.core.fhirpath.scope import Scope
from cds_service.core.resources import Concept
from tests.core.small_world import TERMINOLOGY

_MOVED = re.compile(r"(%orderDate|today\(\)) - (\d+) (year|month|day)s")


def _bare(value):
    """Return FHIR JSON of a struct: what is absent is not there."""
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if each is not None}
    return [_bare(each) for each in value if each is not None] if isinstance(value, list) else value


def _json(struct):
    return _bare(msgspec.to_builtins(struct))


def _iso(date):
    return "-".join(f"{part:04}" if i == 0 else f"{part:02}" for i, part in enumerate(date))


def _record(record):
    """Return a drug, allergy, procedure or vaccine with the elements that conditions may name."""
    names = ("date", "criticality", "severity", "performed", "due")
    found = {name: getattr(record, name, None) for name in names}
    manifestation = [_json(each) for each in getattr(record, "manifestation", [])]
    return _bare({"code": _json(record.code), "manifestation": manifestation, **found})


def _variables(known, recommendations):
    order, patient = known.order, known.patient
    problems = [
        _bare({"code": _json(each.code), "origin": each.origin, "onset": each.onset}) for each in known.problems
    ]
    labs = [
        {
            "code": _json(each.code) | {"measured": True},
            "value": [_json(value) for value in each.value if value is not None],
            "number": i,
            **({} if each.effective is None else {"effective": each.effective}),
        }
        for i, each in enumerate(known.observations)
    ]
    return {
        "order": _bare(
            {
                "resourceType": order.resource_type,
                "status": order.status,
                "doNotPerform": order.do_not_perform,
                "modifierExtension": order.modifier_extension,
                "code": [_json(each) | {"ordered": True} for each in order.code],
                "route": [_json(each) for each in order.route],
                "reason": [_json(each) for each in order.reason],
            }
        ),
        "patient": []
        if patient is None
        else _bare(
            {
                "birthDate": patient.birth_date,
                "gender": patient.gender,
                "deceasedBoolean": patient.deceased_boolean,
                "deceasedDateTime": patient.deceased_date_time,
            }
        ),
        "problems": problems,
        "current": [each for each in problems if each["origin"] != "code"],
        "observations": labs,
        **{name: [_record(each) for each in records] for name, records in known.named().items()},
        "notices": [],
        "recommendations": [
            {"direction": each.direction, "decided": each.decided, "stance": each.stance, "disorder": each.disorder}
            for each in recommendations
        ],
        "orderDate": _iso(known.order_date),
    }


def _functions(known, terminology):
    def as_value(item):
        return item if isinstance(item, str) else msgspec.convert(item, Concept)

    def is_member(item, url):
        local_names = "measured" in item  # a laboratory's own code does not hide the name of its test
        match = terminology.value_sets[url].member(as_value(item), terminology.systems, local_names)
        return match is not None and not (match.by_text and "ordered" in item)  # an order is told by its codes only

    def member_of(items, url):
        return any(is_member(item, url) for item in items)

    def mentions(items, url, apart):
        return any(terminology.mentions(as_value(item), url, apart) for item in items)

    def positive(items, *sets):
        scope = Scope(replace(known, hits=None), terminology, [])
        return any(is_positive(scope, known.observations[item["number"]], *sets).truth for item in items)

    return {
        "memberOf": {"fn": member_of, "arity": {1: ["String"]}},
        "mentions": {"fn": mentions, "arity": {2: ["String", "String"]}},
        "isPositive": {"fn": positive, "arity": {3: ["String", "String", "String"]}},
    }


def reference_truth(text, known, terminology=TERMINOLOGY, recommendations=()):
    """Return what fhirpathpy says. Moved dates are written out: its arithmetic of calendar units is not FHIRPath's."""

    def moved(found):
        start = known.order_date if found[1] == "%orderDate" else known.today
        return "@" + _iso(shift(start, -int(found[2]), found[3]))

    plain = _MOVED.sub(moved, text).replace("today()", "@" + _iso(known.today))
    options = {"userInvocationTable": _functions(known, terminology)}
    answer = fhirpathpy.evaluate({}, plain, _variables(known, recommendations), options=options)
    assert answer in ([], [True], [False]), (plain, answer)
    return answer[0] if answer else None
