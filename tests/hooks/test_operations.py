"""What operators see: probes, metrics, and one line of JSON for each request."""

import json
import re

import pytest

from cds_service.operations.metrics import Metrics
from tests.hooks.calls import SERVICE, post
from tests.requests import ASPIRIN, condition, order, request

UUID = "5f0c9a3e-6b1d-4c58-9a8e-0d3f1b2c4a55"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def lines(log):
    return [json.loads(line) for line in log]


def figures(text):
    """Every sample of an exposition by name and labels."""
    return {name: float(value) for name, value in re.findall(r"^([^#\s]\S*(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)}


def test_health_says_which_knowledge_is_served(client, knowledge):
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    assert answer.json["knowledge"] == knowledge.digest
    assert answer.json["services"] == ["ivig-order-select", "ivig-order-sign"]


def test_ready_tells_of_the_store_and_does_not_depend_on_it(client, break_store):
    assert client.get("/ready").json["store"] == "ok"
    break_store()
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert answer.json["store"] != "ok"


def test_the_digest_changes_with_the_knowledge_and_only_then(knowledge, shipped, tmp_path):
    import shutil

    from cds_service.knowledge.load import load_knowledge

    for name in ("plandefinitions", "valuesets"):
        shutil.copytree(getattr(shipped, name), tmp_path / name)
    again = load_knowledge(tmp_path / "plandefinitions", tmp_path / "valuesets")
    assert again.digest == knowledge.digest
    path = tmp_path / "valuesets" / "cidp.json"
    path.write_text(path.read_text().replace('"display": "', '"display": "x', 1))
    assert load_knowledge(tmp_path / "plandefinitions", tmp_path / "valuesets").digest != knowledge.digest


def test_probes_leave_no_line(client, log):
    for path in ("/health", "/ready", "/metrics"):
        assert client.get(path).status_code == 200
    assert log == []


def test_metrics_count_calls_cards_and_what_did_not_come(client, knowledge):
    body = request(condition("G72.41"))
    del body["prefetch"]["observations"]
    post(client, body)
    post(client, request(orders=[order(ASPIRIN)]))
    post(client, {})
    client.post("/cds-services/unknown-SENTINEL", json=body)
    text = client.get("/metrics").text
    found = figures(text)
    assert found['cds_call_seconds_count{outcome="cards",service="ivig-order-select"}'] == 1
    assert found['cds_call_seconds_count{outcome="empty",service="ivig-order-select"}'] == 1
    assert found['cds_call_seconds_count{outcome="400",service="ivig-order-select"}'] == 1
    assert found['cds_call_seconds_count{outcome="404",service="unknown"}'] == 1
    labels = 'indicator="warning",recommendation="ibm",service="ivig-order-select"'
    assert found[f"cds_cards_total{{{labels}}}"] == 1
    assert found['cds_prefetch_missing_total{key="observations",service="ivig-order-select"}'] == 1
    assert found[f'cds_knowledge_info{{digest="{knowledge.digest}"}}'] == 1
    assert "SENTINEL" not in text


def test_metrics_count_what_was_left_out_at_signing(client):
    body = request(condition("G61.81"))
    post(client, body)
    client.post("/cds-services/ivig-order-sign", json=body | {"hook": "order-sign"})
    assert figures(client.get("/metrics").text)['cds_cards_not_repeated_total{service="ivig-order-sign"}'] == 1


def test_every_metric_is_in_the_table_of_the_documents(root):
    table = set(re.findall(r"^\| `(cds_\w+)`", (root / "docs" / "integrating.md").read_text(), re.MULTILINE))
    shown = set(re.findall(r"^# TYPE (\w+)", Metrics().exposition().decode(), re.MULTILINE))
    assert {name for name in shown if not name.endswith("_created")} == table


def test_a_port_of_their_own_serves_metrics_and_nothing_else(make_client):
    client = make_client(metrics_port=9464)
    apart = {"SERVER_PORT": "9464"}
    assert "cds_knowledge_info" in client.get("/metrics", environ_overrides=apart).text
    for path in ("/cds-services", "/health", "/"):
        assert client.get(path, environ_overrides=apart).status_code == 404
    assert client.post(SERVICE, json=request(), environ_overrides=apart).status_code == 404
    assert client.get("/cds-services").status_code == 200


def test_a_line_has_the_ids_of_the_request(client, log):
    client.post(SERVICE, json=request(), headers={"X-Request-Id": UUID, "traceparent": TRACE})
    (line,) = lines(log)
    assert (line["request"], line["traceparent"], line["event"]) == (UUID, TRACE, "call")


@pytest.mark.parametrize("name", ["X-Request-Id", "traceparent"])
@pytest.mark.parametrize("value", ["Mrs Miller", "p1", "MRN-0012345", "00-zz", "a" * 65, ""])
def test_an_id_that_could_be_about_a_patient_is_neither_logged_nor_returned(client, log, name, value):
    answer = client.post(SERVICE, json=request(), headers={name: value})
    (line,) = lines(log)
    assert "traceparent" not in line
    assert line["request"] == answer.headers["X-Request-Id"] == "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("method", "path", "event", "status"),
    [
        ("get", "/cds-services", "discover", 200),
        ("get", "/openapi.json", "describe", 200),
        ("post", SERVICE, "call", 400),
        ("post", f"{SERVICE}/feedback", "feedback", 400),
        ("get", "/SENTINEL", "unknown", 404),
        ("get", SERVICE, "unknown", 405),
    ],
)
def test_every_request_leaves_one_line(client, log, method, path, event, status):
    answer = getattr(client, method)(path, **({"json": {}} if method == "post" else {}))
    (line,) = lines(log)
    assert (line["event"], line["status"]) == (event, status) == (event, answer.status_code)
    assert "SENTINEL" not in log[0]


def test_a_loss_is_logged_and_counted(client, log, break_store):
    break_store()
    assert post(client, request(condition("G61.81"))).status_code == 200
    client.application.extensions["cds-service"].close()
    lost = [line for line in lines(log) if line["event"] == "store-lost"]
    assert lost
    assert {line["level"] for line in lost} == {"error"}
    text = client.get("/metrics").text
    assert 'cds_store_lost_total{kind="cards"} 1.0' in text
