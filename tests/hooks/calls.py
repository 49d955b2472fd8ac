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
