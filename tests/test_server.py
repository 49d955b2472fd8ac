"""The real server: the wheel in an empty folder, real HTTP, a clean stop."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from cds_service.access.make import make_key_pair, make_token
from tests.fhir.stub import serving as stub_serving
from tests.ports import free_port
from tests.requests import condition, request
from tests.serving import serving, wait_for, workers_of


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, wheel_file) -> Path:
    """The wheel, unpacked into a folder of its own."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel_file], check=True)
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
    assert [(line["event"], line.get("cards")) for line in lines] == [
        ("knowledge-loaded", None),
        ("discover", None),
        ("call", 1),
    ]


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


def test_a_call_in_flight_is_finished_before_the_server_stops(root, tmp_path):
    asked = threading.Event()

    def late(_, sock):
        asked.set()
        time.sleep(1)
        sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n{"resourceType":"Bundle","type":"searchset"}')
        sock.close()

    body = request(condition("G61.81"))
    del body["prefetch"]["observations"]
    body["fhirAuthorization"] = {"access_token": "t", "token_type": "Bearer", "expires_in": 300}
    settings = {"CDS_FHIR_ALLOWED_HOSTS": "127.0.0.1"}
    with stub_serving({"*": late}) as stub, serving(root, tmp_path, settings=settings) as (base, process):
        wait_for(base)
        with ThreadPoolExecutor() as pool:
            address = f"{base}/cds-services/ivig-order-select"
            call = pool.submit(requests.post, address, json=body | {"fhirServer": stub.url}, timeout=20)
            assert asked.wait(timeout=20)
            process.send_signal(signal.SIGTERM)
            assert len(call.result().json()["cards"]) == 1
        assert process.wait(timeout=40) == 0


def test_metrics_are_summed_over_workers_and_outlive_them(root, tmp_path):
    port = free_port()
    with serving(root, tmp_path, settings={"CDS_METRICS_PORT": str(port)}) as (base, process):
        wait_for(base)
        for _ in range(20):
            requests.post(f"{base}/cds-services/ivig-order-select", json=request(), timeout=5)
        before = workers_of(process)
        os.kill(before[0], signal.SIGKILL)
        while before[0] in workers_of(process):
            time.sleep(0.05)
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        assert 'cds_call_seconds_count{outcome="cards",service="ivig-order-select"} 20.0' in text
        assert requests.get(f"http://127.0.0.1:{port}/cds-services", timeout=5).status_code == 404
        assert requests.get(f"{base}/metrics", timeout=5).text.count("# TYPE") == text.count("# TYPE")
        folders = shared_folders(process.pid)
        assert folders
    assert not any(each.exists() for each in folders)


def shared_folders(pid: int) -> set[Path]:
    mapped = Path(f"/proc/{pid}/maps").read_text().split()
    return {Path(each).parent for each in mapped if "/cds-service-" in each and each.endswith(".db")}


def test_a_token_counts_once_whichever_worker_it_meets(root, tmp_path):
    pair = make_key_pair("ES384", "k1")
    clients = tmp_path / "clients.json"
    clients.write_text(
        json.dumps({"clients": [{"iss": "https://ehr.example.org", "jwks": {"keys": [pair.public_jwk]}}]})
    )
    settings = {"CDS_AUTH": "on", "CDS_PUBLIC_URL": "https://cds.example.org", "CDS_CLIENTS_FILE": str(clients)}
    audience = "https://cds.example.org/cds-services"
    token = make_token(
        pair.private_pem, "ES384", "k1", "https://ehr.example.org", audience, int(time.time()), 300, "once"
    )

    def ask(_) -> int:
        headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
        return requests.get(f"{base}/cds-services", headers=headers, timeout=10).status_code

    with serving(root, tmp_path, settings=settings) as (base, _):
        wait_for(base)
        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(ask, range(24))) == [200, *[401] * 23]


def test_a_log_that_cannot_be_written_fails_no_call(root, tmp_path):
    port = free_port()
    reader, writer = os.pipe()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CDS_")}
    environment |= {"PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "cds_service", "serve", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=writer, stderr=writer)
    os.close(writer)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        os.close(reader)
        answers = [
            requests.post(f"http://127.0.0.1:{port}/cds-services/ivig-order-select", json=request(), timeout=10)
            for _ in range(3)
        ]
        assert [each.status_code for each in answers] == [200] * 3
        metrics = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        assert 'cds_store_lost_total{kind="log"} 3.0' in metrics
    finally:
        process.terminate()
        process.wait(timeout=40)


def test_what_keys_new_prints_can_be_followed(root, tmp_path):
    """Make a key, write the file, serve, call: with the words that the command prints."""
    command = [sys.executable, "-m", "cds_service", "keys"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CDS_")}
    environment |= {"PYTHONPATH": str(root)}
    run = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "check": True}
    told = subprocess.run([*command, "new", "--out", "trial"], **run).stdout.splitlines()
    (tmp_path / "trial" / "clients.json").write_text(told[told.index("serve:") - 1])
    settings = dict(each.split("=", 1) for each in shlex.split(told[told.index("serve:") + 1]) if "=" in each)
    call = shlex.split(told[-1])[2]
    making = shlex.split(call.partition("$(")[2].removesuffix(")"))
    token = subprocess.run([*command[:-1], *making[1:]], **run).stdout.strip()
    with serving(root, tmp_path, settings=settings) as (base, _):
        wait_for(base)
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{base}/cds-services", timeout=5).status_code == 401
        assert len(requests.get(f"{base}/cds-services", headers=headers, timeout=5).json()["services"]) == 2
