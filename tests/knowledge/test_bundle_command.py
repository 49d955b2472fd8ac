"""The command `bundle`: one valid FHIR Bundle that holds every file, byte for byte the same for the same artifacts."""

import json
import os
import shutil

import pytest
from click.testing import CliRunner
from fhir.resources.R4B.bundle import Bundle

from cds_service.__main__ import main
from cds_service.knowledge.bundle import to_bundle
from cds_service.knowledge.load import build_knowledge
from cds_service.knowledge.place import Place, read_place
from tests.requests import condition, request


@pytest.fixture(scope="module")
def topic(root):
    return root / "tests" / "topic"


def bundle_of(folder, *more):
    folders = ("--plandefinitions", str(folder / "plandefinitions"), "--valuesets", str(folder / "valuesets"))
    result = CliRunner().invoke(main, ["bundle", *folders, *map(str, more)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


def test_two_runs_and_a_copy_of_another_age_make_the_same_bytes(topic, tmp_path):
    copy = shutil.copytree(topic, tmp_path / "copy")
    for path in sorted(copy.rglob("*.json"), reverse=True):
        os.utime(path, (0, 0))
        path.write_text(json.dumps(json.loads(path.read_text())))  # other white space, too
    first = bundle_of(topic)
    assert bundle_of(topic) == first
    assert bundle_of(copy) == first


def test_another_artifact_makes_other_bytes(topic, tmp_path):
    copy = shutil.copytree(topic, tmp_path / "copy")
    path = copy / "valuesets" / "example-rash.json"
    path.write_text(path.read_text().replace('"version": "1"', '"version": "2"'))
    assert bundle_of(copy) != bundle_of(topic)


def test_a_file_is_written_whole(topic, tmp_path):
    target = tmp_path / "knowledge.json"
    target.write_text("x" * 1_000_000)
    assert bundle_of(topic, "-o", target) == b""
    assert target.read_bytes() == bundle_of(topic)
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_cannot_be_written_is_named(topic, tmp_path):
    target = tmp_path / "no-such-folder" / "b.json"
    folders = ("--plandefinitions", topic / "plandefinitions", "--valuesets", topic / "valuesets")
    result = CliRunner().invoke(main, ["bundle", *map(str, folders), "-o", str(target)])
    assert result.exit_code == 1
    assert f"Could not open file '{target}'" in result.output


@pytest.mark.parametrize("kind", ["collection", "transaction"])
def test_the_shipped_bundle_is_valid_r4_and_holds_every_file(shipped, kind):
    written = to_bundle(read_place(Place(shipped.plandefinitions, shipped.valuesets)).artifacts, kind)
    bundle = json.loads(written)
    Bundle.model_validate(bundle)
    files = [*shipped.plandefinitions.rglob("*.json"), *shipped.valuesets.rglob("*.json")]
    key = lambda each: (each["resourceType"], each["id"])  # noqa: E731
    held = [each["resource"] for each in bundle["entry"]]
    assert held == sorted((json.loads(path.read_text()) for path in files), key=key)
    assert all(each.get("fullUrl") == each["resource"].get("url") for each in bundle["entry"])


def test_the_validator_refuses_what_is_no_bundle(shipped):
    entry = {"resource": {"resourceType": "ValueSet", "id": "v", "status": "active"}, "request": {"method": "PUSH"}}
    for broken in (entry, {"resource": {"resourceType": "ValueSet", "status": 5, "other": 1}}):
        with pytest.raises(ValueError, match="validation error"):
            Bundle.model_validate({"resourceType": "Bundle", "type": "transaction", "entry": [broken]})


def test_a_call_is_answered_the_same_from_the_bundle(shipped, knowledge, make_client, tmp_path):
    (tmp_path / "b.json").write_bytes(
        to_bundle(read_place(Place(shipped.plandefinitions, shipped.valuesets)).artifacts)
    )
    bundled = build_knowledge(read_place(Place(tmp_path, tmp_path, str(tmp_path / "b.json"))))
    assert bundled.digest == knowledge.digest
    body = request(condition("G61.81"), condition("G72.41", "c2"))
    told = []
    for each in (knowledge, bundled):
        cards = make_client(each).post("/cds-services/ivig-order-select", json=body).json["cards"]
        told.append([{name: card[name] for name in card if name != "uuid"} for card in cards])
    assert len(told[0]) == 2
    assert _without_ids(told[0]) == _without_ids(told[1])


def _without_ids(cards):
    for card in cards:
        for suggestion in card.get("suggestions", []):
            suggestion.pop("uuid")
    return cards
