"""A second topic, nothing to do with immunoglobulin, is served with no Python: files and cases only."""

import json
import shutil
from pathlib import Path

import pytest

from cds_service.cases.read import read_cases
from cds_service.cases.run import check_cases, run_case
from cds_service.core.hook import HOOKS, Hook
from cds_service.errors import KnowledgeError
from cds_service.knowledge.load import load_knowledge

HERE = Path(__file__).parent
CASES, PROBLEMS = read_cases(HERE / "cases")


@pytest.fixture(scope="module")
def topic():
    return load_knowledge(HERE / "plandefinitions", HERE / "valuesets")


@pytest.mark.parametrize("name", CASES)
def test_a_case_of_the_topic(topic, name):
    assert run_case(topic, name, CASES[name]).differences == []
    assert run_case(topic, name, CASES[name], indexed=False).differences == []


def test_the_cases_cover_the_topic(topic):
    assert PROBLEMS == []
    assert check_cases(topic, CASES) == []


def test_the_topic_is_served(topic, make_client):
    client = make_client(topic)
    (service,) = client.get("/cds-services").get_json()["services"]
    assert (service["id"], service["hook"], set(service["prefetch"])) == (
        "lotion-order-select",
        "order-select",
        {"patient", "conditions"},
    )
    request = CASES["lotion-order-select/rash-is-recommended"].request
    (card,) = client.post("/cds-services/lotion-order-select", json=request).get_json()["cards"]
    assert card["summary"] == "Lotion is recommended for example rash: Class I (2026)"


def plan_of(hook):
    """A service plan for a hook, over the content of the topic's own service."""
    source = json.loads((HERE / "plandefinitions" / "lotion-order-select.json").read_text())
    (action,) = source["action"]
    action["trigger"][0]["name"] = hook
    name = f"lotion-{hook}"
    return name, source | {"id": name, "url": f"http://example.org/PlanDefinition/{name}"}


@pytest.fixture
def load_with(tmp_path):
    """A function that loads the topic with a service for one more hook."""

    def load(hook):
        shutil.copytree(HERE / "plandefinitions", tmp_path / "plandefinitions", dirs_exist_ok=True)
        name, plan = plan_of(hook)
        (tmp_path / "plandefinitions" / f"{name}.json").write_text(json.dumps(plan))
        return load_knowledge(tmp_path / "plandefinitions", HERE / "valuesets")

    return load


def asked(client, hook):
    request = CASES["lotion-order-select/rash-is-recommended"].request | {"hook": hook}
    request["context"] = {name: value for name, value in request["context"].items() if name != "selections"}
    return client.post(f"/cds-services/lotion-{hook}", json=request).get_json()["cards"]


def test_a_service_for_order_sign_is_one_more_file(load_with, make_client):
    assert len(asked(make_client(load_with("order-sign")), "order-sign")) == 1


def test_another_hook_is_a_row_and_a_file(load_with, make_client, monkeypatch):
    with pytest.raises(KnowledgeError, match="the hook order-review is not served"):
        load_with("order-review")
    monkeypatch.setitem(HOOKS, "order-review", Hook(has_selections=False))
    assert len(asked(make_client(load_with("order-review")), "order-review")) == 1
