"""Calls with a dose, and what their answers say of it."""

import copy

from tests.requests import bundle, condition, order, request

TODAY = (2026, 11, 22)
WARNINGS = "org.cds-service.warnings"
GRAMS = {"g": 1, "mg": 1000, "ug": 1_000_000, "kg": 0.001}
PER_KILOGRAM = {"g/kg": 1, "mg/kg": 1000, "ug/kg": 1_000_000}
KILOGRAMS = {"kg": 1, "g": 1000, "[lb_av]": 1 / 0.45359237, "[oz_av]": 16 / 0.45359237}
DOSE_KEYS = {"dose-too-high", "dose-too-low", "dose-unit-suspect", "weight-missing"}


def quantity(value, unit):
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def weight(value=70, unit="kg", day="2026-11-20", **more):
    code = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
    found = {"resourceType": "Observation", "id": "w1", "status": "final", "code": code, "effectiveDateTime": day}
    return found | {"valueQuantity": quantity(value, unit)} | more


def daily(value, unit, infusions=None, **repeat):
    timing = {"repeat": {"count": infusions, "frequency": 1, "period": 1, "periodUnit": "d"} | repeat}
    given = {"doseAndRate": [{"doseQuantity": quantity(value, unit)}]}
    return given | ({"timing": timing} if infusions or repeat else {})


def call(*dosages, weighed=(), diagnosis="G61.81", **more):
    drug = order(dosageInstruction=[copy.deepcopy(each) for each in dosages], **more)
    body = request(condition(diagnosis), orders=[drug])
    body["prefetch"]["vitals"] = bundle(*weighed) if weighed else None
    return body


def keys(cards):
    return {each["risk"] for card in cards for each in card.get("extension", {}).get(WARNINGS, [])}


def dose_keys(cards):
    return keys(cards) & DOSE_KEYS


def detail_of(cards, words="**"):
    return next(card["detail"] for card in cards if words in card["detail"])


def changes(cards):
    return [each for card in cards for each in card.get("suggestions", []) if each["actions"][0]["type"] == "update"]


def amounts(*given, **timing):
    parts = [{"doseQuantity": quantity(value, unit)} for value, unit in given]
    return {"timing": {"repeat": {"count": 5, "period": 1, "periodUnit": "d"} | timing}, "doseAndRate": parts}
