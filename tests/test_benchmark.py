"""The benchmark measures what it says: payload sizes, matching disorders, the floor."""

import pytest

from benchmarks.__main__ import tenfold
from benchmarks.floor import make_floor
from benchmarks.payloads import SIZES, make_payload
from benchmarks.stages import STAGES, places
from cds_service.knowledge.load import load_knowledge
from tests.hooks.calls import SERVICE

BYTES = {"5k": 5_000, "50k": 50_000, "200k": 200_000, "550k": 550_000}


@pytest.mark.parametrize("size", SIZES)
def test_a_payload_has_its_size_and_its_disorders(client, size):
    body = make_payload(size)
    assert 0.75 * BYTES[size] < len(body) < 1.35 * BYTES[size]
    cards = client.post(SERVICE, data=body, content_type="application/json").json["cards"]
    safety = [card for card in cards if "org.cds-service.recommendations" not in card["extension"]]
    assert (len(cards), len(safety)) == (SIZES[size][2] + 1, 1)
    assert any("= 2 g/kg per course at 70 kg" in card["detail"] for card in cards)


def test_the_floor_reads_json_and_answers_a_constant_card():
    client = make_floor().test_client()
    (card,) = client.post("/cds-services/floor", data=make_payload("5k")).json["cards"]
    assert card["summary"] == "A constant card"
    assert client.post("/cds-services/floor", data=b"no json").status_code == 500


def test_every_stage_that_is_timed_is_called_somewhere():
    assert set(places()) == set(STAGES)


def test_the_tenfold_codes_are_knowledge_that_passes_the_check(shipped, tmp_path, knowledge):
    def number(each):
        return sum(len(value_set.names_of) for value_set in each.terminology.value_sets.values())

    larger = load_knowledge(shipped.plandefinitions, tenfold(shipped.valuesets, tmp_path / "valuesets"))
    assert number(larger) > 9 * number(knowledge)
