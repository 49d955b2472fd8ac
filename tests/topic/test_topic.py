"""A second topic, nothing to do with immunoglobulin, is served with no Python: files and cases only."""

from pathlib import Path

import pytest

from cds_service.app import create_app
from cds_service.cases.read import read_cases
from cds_service.cases.run import check_cases, run_case
from cds_service.knowledge.load import load_knowledge
from cds_service.settings import read_settings

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


def test_the_topic_is_served(topic):
    client = create_app(read_settings(), topic).test_client()
    (service,) = client.get("/cds-services").get_json()["services"]
    assert (service["id"], service["hook"], set(service["prefetch"])) == (
        "lotion-order-select",
        "order-select",
        {"patient", "conditions"},
    )
    request = CASES["lotion-order-select/rash-is-recommended"].request
    (card,) = client.post("/cds-services/lotion-order-select", json=request).get_json()["cards"]
    assert card["summary"] == "Lotion is recommended for example rash: Class I (2026)"
