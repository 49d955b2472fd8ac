"""Measures the service against its floor and prints a table; writes benchmarks/results.json."""

import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.contract import measure_authentication, measure_fetching
from benchmarks.large import measure_large_set
from benchmarks.payloads import SIZES, make_payload
from benchmarks.servers import Client, cores, resident_mb, server, service_command
from benchmarks.stages import print_stages
from tests.ports import free_port

GOALS = {"5k": 1.3, "50k": 1.1, "200k": 1.0, "550k": 1.0}
ROUNDS = {"5k": 1500, "50k": 1000, "200k": 500, "550k": 250}
RESULTS = Path(__file__).parent / "results.json"
ROOT = Path(__file__).parent.parent


def compare(clients: dict[str, Client], body: bytes, rounds: int) -> dict[str, list[float]]:
    """Return the latencies of each client, interleaved so that both meet the same machine."""
    times: dict[str, list[float]] = {name: [] for name in clients}
    for turn in range(rounds + 50):
        for name, client in clients.items():
            elapsed = client.microseconds(body)
            if turn >= 50:
                times[name].append(elapsed)
    return times


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def tenfold(valuesets: Path, target: Path) -> Path:
    """Copy the value sets with nine more codes, used nowhere, for each code."""
    shutil.copytree(valuesets, target)
    for path in target.glob("*.json"):
        artifact = json.loads(path.read_text())
        for include in artifact.get("compose", {}).get("include", []):
            if include["system"].endswith(("/ndc", "unitsofmeasure.org")):  # made-up codes are not valid there
                continue
            concepts = [(concept, i) for concept in include.get("concept", []) for i in range(9)]
            if concepts:
                include["concept"] += [
                    {"code": _made_up(include["system"], concept, i, number), "display": f"{concept['display']} {i}"}
                    for number, (concept, i) in enumerate(concepts)
                ]
        path.write_text(json.dumps(artifact))
    return target


def _made_up(system: str, concept: dict, i: int, number: int) -> str:
    if system.endswith("/icd-10-cm"):  # written as its codes must be
        return f"U{90 + number // 10000}.{number % 10000:04}"
    return f"{concept['code']}-{i}"


def main() -> None:
    floor_core, service_core, own_core = cores()
    results: dict[str, object] = {}
    ports = [free_port() for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        stores = [{"CDS_DATABASE_URL": f"sqlite:///{folder}/{i}.sqlite3"} for i in range(2)]
        large = tenfold(ROOT / "valuesets", Path(folder) / "valuesets")
        with (
            server(["benchmarks.floor", str(ports[0])], ports[0], floor_core, {}),
            server(service_command(ports[1]), ports[1], service_core, stores[0]) as (start_s, worker),
            server(service_command(ports[2]), ports[2], service_core, {"CDS_VALUESETS": str(large), **stores[1]}),
        ):
            os.sched_setaffinity(0, own_core)
            path = "/cds-services/ivig-order-select"
            clients = {"floor": Client(ports[0], "/cds-services/floor"), "service": Client(ports[1], path)}
            print(f"{'size':>5} {'bytes':>7} {'floor us':>9} {'service us':>10} {'p99 us':>7} {'ratio':>6}  goal")
            for size in SIZES:
                body = make_payload(size)
                assert (clients["floor"].cards(body), clients["service"].cards(body)) == (1, SIZES[size][2] + 1)
                times = compare(clients, body, ROUNDS[size])
                results[size] = report(size, len(body), times)
            both = {"service": clients["service"], "tenfold": Client(ports[2], path)}
            assert both["tenfold"].cards(make_payload("50k")) == SIZES["50k"][2] + 1
            times = compare(both, make_payload("50k"), ROUNDS["50k"])
            ratio = statistics.median(times["tenfold"]) / statistics.median(times["service"])
            results["tenfold_codes_ratio"] = round(ratio, 3)
            results |= {"start_s": round(start_s, 2), "worker_mb": round(resident_mb(worker), 1)}
    print(f"ten times the codes: {results['tenfold_codes_ratio']} (goal 1.1)")
    print(f"start: {results['start_s']} s (goal 2.5)   worker: {results['worker_mb']} MB (goal 150)")
    results |= measure_authentication(print)
    results |= measure_fetching(print)
    results |= measure_large_set(print)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    for size in ("5k", "200k"):
        print_stages(size)


def report(size: str, length: int, times: dict[str, list[float]]) -> dict[str, float]:
    """Print the row of a size and return its figures."""
    floor, service = statistics.median(times["floor"]), statistics.median(times["service"])
    p99 = percentile(times["service"], 0.99)
    ratio = service / floor
    verdict = "met" if ratio <= GOALS[size] and p99 <= 3 * service else "missed"
    print(f"{size:>5} {length:>7} {floor:>9.0f} {service:>10.0f} {p99:>7.0f} {ratio:>6.2f}  {GOALS[size]} {verdict}")
    return {
        "ratio": round(ratio, 3),
        "median_us": round(service),
        "p99_us": round(p99),
        "floor_median_us": round(floor),
        "floor_p99_us": round(percentile(times["floor"], 0.99)),
    }


if __name__ == "__main__":
    main()
