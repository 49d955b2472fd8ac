"""Calls of the shipped service, and what every refusal must look like."""

from typing import Any

from flask.testing import FlaskClient

SERVICE = "/cds-services/ivig-order-select"


def post(client: FlaskClient, body: Any, **more: Any) -> Any:
    return client.post(SERVICE, json=body, **more)


def assert_outcome(answer: Any, status: int) -> str:
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    assert answer.json["resourceType"] == "OperationOutcome"
    (issue,) = answer.json["issue"]
    assert issue["severity"] == "error"
    assert issue["code"]
    return issue["diagnostics"]


def suggestions(answer: Any, kind: str) -> list[dict[str, Any]]:
    found = [each for card in answer.json["cards"] for each in card.get("suggestions", [])]
    return [each for each in found if each["actions"][0]["type"] == kind]


def resource(suggestion: dict[str, Any]) -> Any:
    (action,) = suggestion["actions"]
    return action["resource"]
