"""Calls of the two services about the same order."""

import copy
import json

from tests.requests import condition, order, request

SELECT, SIGN = "ivig-order-select", "ivig-order-sign"


def signing(body):
    """The same call at order-sign, where nothing is selected and everything is signed."""
    signed = copy.deepcopy(body)
    signed["hook"] = "order-sign"
    signed["context"].pop("selections", None)
    return signed


def call(client, service, body, status=200):
    answer = client.post(f"/cds-services/{service}", data=json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.text
    return answer.json["cards"]


def said(cards):
    return [(card["indicator"], card["summary"]) for card in cards]


def cidp(**dose):
    return request(condition("G61.81"), orders=[order(**dose)])


def grams(value):
    amount = {"value": value, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"}
    return [{"doseAndRate": [{"doseQuantity": amount}]}]


def the_order(body):
    return body["context"]["draftOrders"]["entry"][0]["resource"]
