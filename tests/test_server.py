"""The real server: the wheel in an empty folder, real HTTP, a clean stop."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import requests
from tests.requests import condition, request
from tests.serving import serving, wait_for


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, root) -> Path:
    """The wheel, unpacked into a folder of its own."""
    built = tmp_path_factory.mktemp("wheel")
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", built, root], check=True)
    (found,) = built.glob("cds_service-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", target, found], check=True)
    return target


def test_the_wheel_serves_from_an_empty_folder_and_stops_cleanly(wheel, tmp_path):
    with serving(wheel, tmp_path) as (base, process):
        wait_for(base)
        assert requests.get(f"{base}/cds-services", timeout=5).json()["services"][0]["id"] == "ivig-order-select"
        answer = requests.post(f"{base}/cds-services/ivig-order-select", json=request(condition("G61.81")), timeout=5)
        assert answer.status_code == 200
        (card,) = answer.json()["cards"]
        assert card["extension"]["org.cds-service.recommendations"][0]["disorder"] == "cidp"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
    assert [(line["event"], line.get("cards")) for line in lines] == [("discover", None), ("call", 1)]


def test_the_wheel_holds_the_shipped_knowledge(wheel, root):
    for name in ("plandefinitions", "valuesets"):
        shipped = wheel / "cds_service" / "shipped" / name
        files = {path.relative_to(shipped): path.read_bytes() for path in shipped.rglob("*.json")}
        assert files == {path.relative_to(root / name): path.read_bytes() for path in (root / name).rglob("*.json")}


def test_a_body_in_chunks_over_the_limit_is_413(wheel, tmp_path):
    with serving(wheel, tmp_path) as (base, _):
        wait_for(base)
        chunks = (b" " * 1_000_000 for _ in range(12))
        url, headers = f"{base}/cds-services/ivig-order-select", {"Content-Type": "application/json"}
        answer = requests.post(url, data=chunks, headers=headers, timeout=20)
        assert answer.status_code == 413
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_port_that_is_taken_is_said_and_no_address_is_promised(wheel, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with serving(wheel, tmp_path, "--port", str(taken.getsockname()[1])) as (_, process):
            assert process.wait(timeout=60) == 1
    told = (tmp_path / "log").read_text()
    assert "in use" in told.lower()
    assert "Serving" not in told


def test_serve_refuses_to_start_on_broken_knowledge(wheel, tmp_path):
    (tmp_path / "valuesets").mkdir()
    with serving(wheel, tmp_path, "--valuesets", str(tmp_path / "valuesets")) as (_, process):
        assert process.wait(timeout=40) == 1
    assert "holds no .json file" in (tmp_path / "log").read_text()
