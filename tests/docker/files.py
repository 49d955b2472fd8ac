"""What stands in docker/: a small reader of Dockerfiles, the YAML documents, and what may be said of any image name."""

import copy
import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
DOCKER = ROOT / "docker"
PORT, METRICS_PORT, USER = 8000, 9090, 65532
# A name on Docker Hub and a tag that says which version, with or without a digest; no address of a registry.
IMAGE = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)?:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL")


def instructions(text: str) -> list[list[tuple[str, str]]]:
    """The stages of a Dockerfile, each a list of (instruction, rest); what comes before the first FROM is stage 0."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    stages: list[list[tuple[str, str]]] = [[]]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, rest = line.strip().split(maxsplit=1)
        if name == "FROM":
            stages.append([])
        stages[-1].append((name, " ".join(rest.split())))
    return stages


def every(stage: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for each, rest in stage if each == name]


def dockerfile() -> str:
    return (DOCKER / "Dockerfile").read_text()


def copied(text: str) -> list[tuple[str, str]]:
    """(source, target) of what the first stage copies from the context."""
    found = [each.split() for each in every(instructions(text)[1], "COPY")]
    return [(source, words[-1]) for words in found for source in words[:-1]]


def exec_form(stage: list[tuple[str, str]], name: str) -> list[str]:
    (given,) = every(stage, name)
    return json.loads(given[given.index("[") :])


def environment(stage: list[tuple[str, str]]) -> dict[str, str]:
    return dict(pair.split("=", 1) for each in every(stage, "ENV") for pair in each.split())


def documents(path: Path) -> list[dict]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def compose() -> dict:
    (found,) = documents(DOCKER / "compose.yaml")
    return found


def manifests() -> dict[tuple[str, str], dict]:
    files = sorted((DOCKER / "kubernetes").glob("*.yaml"))
    found = [each for path in files if path.name != "kustomization.yaml" for each in documents(path)]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def pod(kind: str) -> dict:
    (found,) = (each["spec"]["template"] for (its_kind, _), each in manifests().items() if its_kind == kind)
    return copy.deepcopy(found)


def container(kind: str) -> dict:
    (found,) = pod(kind)["spec"]["containers"]
    return found
