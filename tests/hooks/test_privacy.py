"""Nothing of a patient is in a log line or an error body, whatever is wrong with the call."""

import json
import logging
from typing import Any

import pytest

from tests.hooks.calls import assert_outcome, post
from tests.requests import condition, request


def test_a_fault_of_ours_is_an_outcome_without_values_and_is_logged_without_them(client, monkeypatch, log):
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("SENTINEL-of-a-patient")

    monkeypatch.setattr("cds_service.hooks.routes.answer", fail)
    text = assert_outcome(post(client, request()), 500)
    (line,) = log
    assert json.loads(line)["error"] == "ValueError"
    assert json.loads(line)["level"] == "error"
    assert "fail:" in line
    assert "SENTINEL" not in text + line


def sentinel_requests() -> dict[str, dict[str, Any]]:
    sentinel = "SENTINEL"
    good = request(condition("G61.81", note=[{"text": sentinel}]))
    good["prefetch"]["patient"] |= {"name": [{"family": sentinel}], "birthDate": "1931-03-03"}
    good["context"]["userId"] = f"Practitioner/{sentinel}"
    good["fhirAuthorization"] = {"access_token": sentinel}
    wrong = request(condition("G61.81", subject={"reference": f"Patient/{sentinel}"}))
    missing = request() | {"prefetch": {sentinel: sentinel}}
    return {
        "good": good,
        "wrong patient": wrong,
        "missing": missing,
        "wrong hook": request() | {"hook": sentinel},
        "ill-typed": {"hook": 7, sentinel: sentinel, "context": {"patientId": {sentinel: 1}}},
    }


@pytest.mark.parametrize("name", sentinel_requests())
def test_no_patient_data_in_logs_or_error_bodies(client, knowledge, caplog, capfd, log, name):
    with caplog.at_level(logging.DEBUG):
        answer = post(client, sentinel_requests()[name])
    told = "".join([*log, caplog.text, *capfd.readouterr()])
    assert "SENTINEL" not in told
    assert "p1" not in told
    assert "SENTINEL" not in answer.text
    assert "1931" not in answer.text
    if answer.status_code == 200:
        (line,) = log
        assert json.loads(line) == {
            "event": "call",
            "request": "00000000-0000-4000-8000-000000000001",
            "status": 200,
            "service": "ivig-order-select",
            "hook": "order-select",
            "plan": "http://cds-service.example.org/fhir/PlanDefinition/ivig-order-select|1.2.0",
            "knowledge": knowledge.digest,
            "cards": 2,  # the patient is over 65 years old: a safety card
            "ms": 0.0,
            "time": "2026-11-22T12:00:00.000Z",
            "level": "info",
        }
