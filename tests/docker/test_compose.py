"""The sandbox of compose.yaml: valid, hardened, and made of real settings. docker/README.md says what was not run."""

import copy
import importlib.resources
import json
import re
from collections.abc import Callable

import jsonschema
import pytest

from cds_service.__main__ import main
from cds_service.errors import SettingsError
from cds_service.settings import read_settings
from tests.docker.files import DOCKER, IMAGE, METRICS_PORT, PORT, ROOT, SECRET, compose
from tests.hooks.calls import SERVICE

REFUSED_UNSET = re.compile(r"\$\{(\w+):\?[^}]+\}")


def schema() -> dict:
    vendored = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return json.loads(vendored.read_text())


def literal_secrets(environment: dict[str, str]) -> list[str]:
    """Names of secrets, and of URLs with a password, whose value stands in the file."""
    told = [name for name, value in environment.items() if SECRET.search(name) and not REFUSED_UNSET.search(value)]
    return told + [name for name, value in environment.items() if re.search(r"://[^/$]*:[^/$]+@", value)]


def check_service(service: dict) -> set[str]:
    """The rules that a service of the sandbox breaks."""
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    mounts = [each for each in service.get("volumes", []) if each.startswith((".", "/"))]
    rules = {
        "pinned": IMAGE.fullmatch(service["image"]),
        "read-only": service.get("read_only") is True,
        "no capabilities": service.get("cap_drop") == ["ALL"] and "cap_add" not in service,
        "no new privileges": service.get("security_opt") == ["no-new-privileges:true"],
        "not privileged": not {"privileged", "pid", "ipc", "devices"} & set(service) and not mounts,
        "limits": set(limits) == {"cpus", "memory", "pids"},
        "this machine only": all(each.startswith("127.0.0.1:") for each in service.get("ports", [])),
        "no secrets": not literal_secrets(service.get("environment", {})),
    }
    return {name for name, kept in rules.items() if not kept}


def filled(environment: dict[str, str]) -> dict[str, str]:
    return {name: REFUSED_UNSET.sub("0123456789abcdef", value) for name, value in environment.items()}


def example() -> dict[str, str]:
    lines = (DOCKER / "example.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_it_is_a_compose_file():
    jsonschema.validate(compose(), schema())


@pytest.mark.parametrize(
    "break_it",
    [
        lambda services: services["cds"].update(read_onyl=True),
        lambda services: services["cds"].update(command=8000),
        lambda services: services["cds"]["depends_on"]["hapi"].pop("condition"),
        lambda services: services["postgres"]["healthcheck"].update(test=5432),
        lambda services: services["hapi"].pop("image") and services.update(hapi=[]),
    ],
)
def test_a_broken_copy_is_refused(break_it: Callable[[dict], object]):
    broken = copy.deepcopy(compose())
    break_it(broken["services"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema())


@pytest.mark.parametrize("name", compose()["services"])
def test_every_service_keeps_the_rules(name):
    assert check_service(compose()["services"][name]) == set()


@pytest.mark.parametrize(
    ("name", "change", "broken"),
    [
        ("postgres", {"image": "postgres:latest"}, "pinned"),
        ("postgres", {"image": "postgres"}, "pinned"),
        ("postgres", {"image": "registry.example.org/postgres:17.6"}, "pinned"),
        ("cds", {"read_only": False}, "read-only"),
        ("cds", {"cap_add": ["NET_RAW"]}, "no capabilities"),
        ("cds", {"security_opt": []}, "no new privileges"),
        ("cds", {"privileged": True}, "not privileged"),
        ("cds", {"volumes": ["/var/run/docker.sock:/var/run/docker.sock"]}, "not privileged"),
        ("cds", {"deploy": {"resources": {"limits": {"memory": "1G"}}}}, "limits"),
        ("hapi", {"ports": ["8080:8080"]}, "this machine only"),
        ("hapi", {"ports": ["0.0.0.0:8080:8080"]}, "this machine only"),
        ("postgres", {"environment": {"POSTGRES_PASSWORD": "cds"}}, "no secrets"),
        ("cds", {"environment": {"CDS_SECRET_KEY": "${CDS_SECRET_KEY}"}}, "no secrets"),
        ("cds", {"environment": {"STORE": "postgresql://cds:cds@postgres/cds"}}, "no secrets"),
    ],
)
def test_a_broken_rule_is_found(name, change, broken):
    assert check_service(compose()["services"][name] | change) == {broken}


@pytest.mark.parametrize("name", ["cds", "migrate"])
def test_every_variable_is_a_setting_that_is_accepted(name, monkeypatch):
    environment = compose()["services"][name]["environment"]
    assert all(isinstance(value, str) for value in environment.values())
    for variable, value in filled(environment).items():
        monkeypatch.setenv(variable, value)
    settings = read_settings()
    assert settings.database_url == "postgresql+psycopg://cds:0123456789abcdef@postgres:5432/cds"
    monkeypatch.setenv("CDS_DATABSE_URL", "x")
    with pytest.raises(SettingsError):
        read_settings()


def test_authentication_is_off_in_so_many_words_and_fetching_is_from_loopback(monkeypatch):
    for variable, value in filled(compose()["services"]["cds"]["environment"]).items():
        monkeypatch.setenv(variable, value)
    settings = read_settings()
    assert (settings.auth, settings.fhir_allowed_hosts, settings.metrics_port) == ("off", "localhost", METRICS_PORT)


def test_nothing_starts_while_a_value_of_the_example_is_missing():
    text = (DOCKER / "compose.yaml").read_text()
    assert set(REFUSED_UNSET.findall(text)) == set(re.findall(r"\$\{(\w+)", text)) == set(example())
    assert set(example().values()) == {""}
    assert ".env" in (DOCKER / ".gitignore").read_text().splitlines()


def test_the_service_waits_for_its_tables_and_lives_in_the_network_of_hapi():
    services = compose()["services"]
    assert services["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert "healthcheck" in services["postgres"]
    assert services["cds"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["cds"]["network_mode"] == "service:hapi"
    assert [name for name, each in services.items() if each.get("ports")] == ["hapi"]
    assert {f"127.0.0.1:{port}:{port}" for port in (8080, PORT, METRICS_PORT)} == set(services["hapi"]["ports"])


def test_the_commands_are_ours():
    commands = [each["command"] for each in compose()["services"].values() if "command" in each]
    assert commands == [["db", "upgrade"]]
    assert {each[0] for each in commands} <= set(main.list_commands(None))


def test_the_image_is_built_here_under_the_version_of_the_project():
    built = [each for each in compose()["services"].values() if "build" in each]
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert {each["image"] for each in built} == {f"cds-service:{version}"}
    for each in built:
        assert ((DOCKER / each["build"]["context"]).resolve() / each["build"]["dockerfile"]).exists()


def test_the_walkthrough_gets_its_card_from_what_hapi_is_given(client):
    """A stand-in for HAPI: its records come as prefetch here, since nothing is fetched in this test."""
    call = json.loads((DOCKER / "sandbox" / "request.json").read_text())
    given = json.loads((DOCKER / "sandbox" / "patient.json").read_text())
    patient, condition = (each["resource"] for each in given["entry"])
    assert "prefetch" not in call
    assert call["fhirServer"] == "http://localhost:8080/fhir"
    told = [f"{each['resource']['resourceType']}/{each['resource']['id']}" for each in given["entry"]]
    assert [each["request"] for each in given["entry"]] == [{"method": "PUT", "url": url} for url in told]
    found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": condition}]}
    (card,) = client.post(SERVICE, json=call | {"prefetch": {"patient": patient, "conditions": found}}).json["cards"]
    assert card["extension"]["org.cds-service.recommendations"][0]["disorder"] == "cidp"


def test_the_files_that_the_readme_names_are_there():
    text = (DOCKER / "README.md").read_text()
    named = set(re.findall(r"docker/[\w./-]+\w", text)) - {"docker/.env"}
    assert [each for each in named if not (ROOT / each).exists()] == []
    assert {"docker/Dockerfile", "docker/compose.yaml", "docker/sandbox/patient.json"} <= named
    links = [each for each in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in each]
    assert [each for each in links if not (DOCKER / each).exists()] == []
