"""What a value set of 200,000 codes costs: seconds to load it, and the ratio of a request with it to one without."""

import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.payloads import SIZES, make_payload
from benchmarks.servers import Client, cores, server, service_command
from cds_service.knowledge.concepts import COMPOSE_DIGEST, compose_digest
from cds_service.knowledge.load import load_knowledge
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
CODES, LOADS, ROUNDS, WARM = 200_000, 5, 1000, 50
GOAL_S, GOAL_RATIO = 1.0, 1.1
SYSTEM, HOST = "http://snomed.info/sct", "cidp"
WORDS = """
acute chronic recurrent bilateral left right upper lower primary secondary traumatic congenital infection inflammation
fracture neoplasm disorder injury of the due to with without lung heart kidney liver skin bone joint muscle nerve artery
vein eye ear hand foot arm leg spine brain stomach
""".split()


def with_large_set(valuesets: Path, target: Path, designations: bool) -> Path:
    """Copy the value sets; one of them gets a filter whose stored expansion has names like SNOMED CT's."""
    shutil.copytree(valuesets, target)
    path = target / f"{HOST}.json"
    source = json.loads(path.read_text())
    source["compose"]["include"].append(
        {"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "1"}]}
    )
    digest = {"name": COMPOSE_DIGEST, "valueString": compose_digest(source["compose"])}
    contains = _rows(random.Random(1), designations)
    source["expansion"] = {"timestamp": "2026-11-22", "total": CODES, "parameter": [digest], "contains": contains}
    path.write_text(json.dumps(source, indent=2))
    return target


def _rows(chance: random.Random, designations: bool) -> list[dict]:
    def name(number: int) -> str:
        return f"{' '.join(chance.choices(WORDS, k=chance.randint(3, 9)))} {number}".capitalize()

    def row(number: int) -> dict:
        tag = chance.choice(("disorder", "finding", "situation"))
        return {"system": SYSTEM, "code": str(10**10 + 13 * number), "display": f"{name(number)} ({tag})"}

    def more(number: int) -> dict:
        return {"designation": [{"language": "en", "value": name(number)}]} if designations else {}

    return [row(number) | more(number) for number in range(CODES)]


def load_seconds(valuesets: Path) -> float:
    """Return the median time to load the shipped plans with value sets; what is compiled once is compiled before."""
    times = []
    for _ in range(LOADS + 1):
        started = time.perf_counter()
        knowledge = load_knowledge(ROOT / "plandefinitions", valuesets)
        times.append(time.perf_counter() - started)
        del knowledge
    return statistics.median(times[1:])


def measure_large_set(print_row: Callable[[str], object]) -> dict[str, float]:
    """Return the seconds that the large set adds to a load, with and without designations, and the ratio of a call."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        shipped = load_seconds(ROOT / "valuesets")
        print_row(f"loading the shipped knowledge again: {shipped:.2f} s")
        for name in ("plain", "named"):
            large = with_large_set(ROOT / "valuesets", Path(folder) / name, name == "named")
            results[f"large_set_{name}_s"] = round(load_seconds(large) - shipped, 2)
            print_row(f"{CODES} codes more, {name}: {results[f'large_set_{name}_s']} s more (goal {GOAL_S})")
        results["large_set_ratio"] = round(_ratio(Path(folder)), 3)
    print_row(f"a call with {CODES} codes more: {results['large_set_ratio']} (goal {GOAL_RATIO})")
    return results


def _ratio(folder: Path) -> float:
    _, service_core, _ = cores()
    ports = [free_port(), free_port()]
    own, other = ({"CDS_DATABASE_URL": f"sqlite:///{folder}/{i}.sqlite3"} for i in range(2))
    other["CDS_VALUESETS"] = str(folder / "named")
    body = make_payload("50k")
    with (
        server(service_command(ports[0]), ports[0], service_core, own),
        server(service_command(ports[1]), ports[1], service_core, other),
    ):
        path = "/cds-services/ivig-order-select"
        clients = [Client(port, path) for port in ports]
        assert [client.cards(body) for client in clients] == [SIZES["50k"][2] + 1] * 2
        times: list[list[float]] = [[client.microseconds(body) for client in clients] for _ in range(ROUNDS + WARM)]
    without, with_it = zip(*times[WARM:], strict=True)
    return statistics.median(with_it) / statistics.median(without)


if __name__ == "__main__":
    measure_large_set(print)
