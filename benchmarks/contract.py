"""What authentication costs a call, and what it costs to fetch four keys that did not come."""

import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks.payloads import make_payload
from benchmarks.servers import Client, cores, server, service_command
from cds_service.access.make import KeyPair, make_key_pair, make_token
from tests.ports import free_port

PUBLIC_URL, ISSUER = "https://cds.example.org", "https://ehr.example.org"
PATH = "/cds-services/ivig-order-select"
ALGORITHMS = ("RS384", "ES384")
MISSING = ("observations", "medications", "allergies", "vitals")
DELAY_S = 0.1
WARM, ROUNDS, FETCHES = 50, 600, 60
GOAL = 1.3


def measure_authentication(print_row: Callable[[str], object]) -> dict[str, float]:
    """Return the ratio of a call with a token to one without, by algorithm and size; the key is known already."""
    _, service_core, _ = cores()
    ports = [free_port(), free_port()]
    pairs = {name: make_key_pair(name, name) for name in ALGORITHMS}
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        trust = Path(folder) / "clients.json"
        keys = {"keys": [pair.public_jwk for pair in pairs.values()]}
        trust.write_text(json.dumps({"clients": [{"iss": ISSUER, "jwks": keys}]}))
        own = {"CDS_DATABASE_URL": f"sqlite:///{folder}/own.sqlite3"}
        other = {"CDS_DATABASE_URL": f"sqlite:///{folder}/other.sqlite3", "CDS_AUTH": "on"}
        other |= {"CDS_CLIENTS_FILE": str(trust), "CDS_PUBLIC_URL": PUBLIC_URL}
        with (
            server(service_command(ports[0]), ports[0], service_core, own),
            server(service_command(ports[1]), ports[1], service_core, other),
        ):
            for size in ("5k", "50k"):
                for algorithm, pair in pairs.items():
                    ratio = _ratio(make_payload(size), ports, pair, algorithm)
                    results[f"{algorithm}_{size}"] = round(ratio, 3)
                    print_row(f"authentication, {algorithm}, {size}: {ratio:.2f} (goal {GOAL})")
    return results


def _ratio(body: bytes, ports: list[int], pair: KeyPair, algorithm: str) -> float:
    without, with_token = Client(ports[0], PATH), Client(ports[1], PATH)
    tokens = [_token(pair, algorithm) for _ in range(ROUNDS + WARM)]
    times: dict[str, list[float]] = {"without": [], "with": []}
    for token in tokens:
        times["without"].append(without.microseconds(body))
        times["with"].append(with_token.microseconds(body, {"Authorization": f"Bearer {token}"}))
    return statistics.median(times["with"][WARM:]) / statistics.median(times["without"][WARM:])


def _token(pair: KeyPair, algorithm: str) -> str:
    now = int(time.time())
    return make_token(pair.private_pem, algorithm, algorithm, ISSUER, PUBLIC_URL + PATH, now, 300, str(uuid.uuid4()))


def measure_fetching(print_row: Callable[[str], object]) -> dict[str, float]:
    """Return the ratio of a call that fetches four keys in parallel to one answer of the FHIR server."""
    _, service_core, own_core = cores()
    stub, port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"CDS_DATABASE_URL": f"sqlite:///{folder}/own.sqlite3", "CDS_FHIR_ALLOWED_HOSTS": "localhost"}
        with (
            server(["benchmarks.fhir_stub", str(stub), str(DELAY_S)], stub, own_core, {}),
            server(service_command(port), port, service_core, settings),
        ):
            client, direct = Client(port, PATH), Client(stub, "/fhir/Observation")
            numbers = count()
            slowest = [direct.get_microseconds() for _ in range(FETCHES)]
            fetching = [client.microseconds(_without_keys(stub, next(numbers))) for _ in range(FETCHES)]
    ratio = statistics.median(fetching[5:]) / statistics.median(slowest[5:])
    print_row(f"fetching {len(MISSING)} keys that take {DELAY_S * 1000:.0f} ms each: {ratio:.2f} (goal {GOAL})")
    return {"fetch_ratio": round(ratio, 3)}


def _without_keys(stub: int, number: int) -> bytes:
    call = json.loads(make_payload("5k"))
    for key in MISSING:
        del call["prefetch"][key]
    call["fhirServer"] = f"http://localhost:{stub}/fhir"
    call["fhirAuthorization"] = {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 300}
    return json.dumps(call).encode()
