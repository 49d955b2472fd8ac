"""The Kubernetes example: valid, hardened, and in agreement with itself, the settings, the routes and the image."""

import copy
import ipaddress
import re
from collections.abc import Callable

import kubernetes_validate
import pytest

from cds_service.__main__ import main
from cds_service.access.clients import load_clients
from cds_service.app import create_app
from cds_service.settings import read_settings
from tests.docker.files import (
    DOCKER,
    METRICS_PORT,
    PORT,
    SECRET,
    compose,
    container,
    documents,
    manifests,
    pod,
)

GRACEFUL_SECONDS = 30  # gunicorn's graceful_timeout, set in hooks/server.py
DOCUMENTATION = [ipaddress.ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
FOLDER = DOCKER / "kubernetes"
ALL = manifests()
NAME = "cds-service"
KINDS = {"configMapRef": "ConfigMap", "secretRef": "Secret"}


def validate(manifest: dict) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def configuration() -> dict[str, str]:
    return ALL["ConfigMap", NAME]["data"]


def matches(selector: dict, labels: dict) -> bool:
    return selector.items() <= labels.items()


@pytest.mark.parametrize("manifest", ALL.values(), ids=["-".join(key) for key in ALL])
def test_every_manifest_is_what_kubernetes_takes(manifest):
    validate(manifest)
    assert manifest["metadata"].get("namespace", NAME) == NAME
    assert ("namespace" in manifest["metadata"]) == (manifest["kind"] != "Namespace")


@pytest.mark.parametrize(
    ("kind", "break_it"),
    [
        ("Deployment", lambda spec: spec["template"]["spec"]["containers"][0].update(readynessProbe={})),
        ("Deployment", lambda spec: spec["template"]["spec"].update(terminationGracePeriodSeconds="long")),
        ("Deployment", lambda spec: spec.pop("selector")),
        ("Job", lambda spec: spec.update(backofLimit=1)),
        ("HorizontalPodAutoscaler", lambda spec: spec.update(targetCPUUtilizationPercentage=70)),
        ("PodDisruptionBudget", lambda spec: spec.update(maxUnavailable=[])),
        ("NetworkPolicy", lambda spec: spec["egress"][1]["to"][0]["ipBlock"].pop("cidr")),
        ("Service", lambda spec: spec["ports"][0].pop("port")),
    ],
)
def test_a_broken_manifest_is_refused(kind, break_it: Callable[[dict], object]):
    (found,) = (copy.deepcopy(each) for (its_kind, _), each in ALL.items() if its_kind == kind)
    validate(found)
    break_it(found["spec"])
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(found)


def test_every_variable_is_a_setting_that_is_accepted(monkeypatch):
    secret = ALL["Secret", NAME]["stringData"]
    assert not set(configuration()) & set(secret)
    for name, value in (
        configuration() | {"CDS_SECRET_KEY": "0123456789abcdef", "CDS_DATABASE_URL": "postgresql+psycopg://h/d"}
    ).items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert (settings.auth, settings.metrics_port) == ("on", METRICS_PORT)
    assert set(secret) == {"CDS_SECRET_KEY", "CDS_DATABASE_URL"}


def test_no_secret_is_in_the_files():
    assert set(ALL["Secret", NAME]["stringData"].values()) == {""}
    assert [name for name in configuration() if SECRET.search(name)] == []
    assert "secret.example.yaml" not in documents(FOLDER / "kustomization.yaml")[0]["resources"]


def test_the_probes_ask_routes_that_there_are(knowledge):
    probes = ("startupProbe", "livenessProbe", "readinessProbe")
    asked = {name: container("Deployment")[name]["httpGet"] for name in probes}
    assert [each["path"] for each in asked.values()] == ["/health", "/health", "/ready"]
    assert {each["port"] for each in asked.values()} == {"http"}
    routes = {rule.rule for rule in create_app(read_settings(), knowledge).url_map.iter_rules()}
    assert {each["path"] for each in asked.values()} <= routes


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_the_arguments_are_those_of_our_commands(kind):
    name, *arguments = container(kind)["args"]
    assert name in main.list_commands(None)
    if kind == "Deployment":
        given = main.get_command(None, name).make_context(name, arguments).params
        assert (given["host"], given["port"]) == ("0.0.0.0", PORT)
        assert str(given["workers"]) == container(kind)["resources"]["limits"]["cpu"]


def test_the_ports_are_those_that_are_served():
    ports = {each["name"]: each["containerPort"] for each in container("Deployment")["ports"]}
    assert ports == {"http": PORT, "metrics": int(configuration()["CDS_METRICS_PORT"])}
    (exposed,) = ALL["Service", NAME]["spec"]["ports"]
    assert exposed["targetPort"] == "http"


def test_a_pod_that_ends_has_the_time_to_finish_its_calls():
    waits = container("Deployment")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod("Deployment")["spec"]["terminationGracePeriodSeconds"] > waits + GRACEFUL_SECONDS


def test_what_selects_the_service_selects_its_pods_and_not_the_migration():
    serving, migrating = (pod(kind)["metadata"]["labels"] for kind in ("Deployment", "Job"))
    selectors = {
        "Service": ALL["Service", NAME]["spec"]["selector"],
        "Deployment": ALL["Deployment", NAME]["spec"]["selector"]["matchLabels"],
        "PodDisruptionBudget": ALL["PodDisruptionBudget", NAME]["spec"]["selector"]["matchLabels"],
    }
    for kind, selector in selectors.items():
        assert matches(selector, serving), kind
        assert not matches(selector, migrating), kind
    confined = ALL["NetworkPolicy", NAME]["spec"]["podSelector"]["matchLabels"]
    assert matches(confined, serving)
    assert matches(confined, migrating)


def test_what_is_named_is_there(tmp_path):
    for kind in ("Deployment", "Job"):
        assert ("ServiceAccount", pod(kind)["spec"]["serviceAccountName"]) in ALL
        named = {(KINDS[key], target["name"]) for each in container(kind)["envFrom"] for key, target in each.items()}
        assert named == {("ConfigMap", NAME), ("Secret", NAME)}
        assert named <= set(ALL)
    scaled = ALL["HorizontalPodAutoscaler", NAME]["spec"]["scaleTargetRef"]
    assert (scaled["kind"], scaled["name"]) in ALL
    mounts = {each["name"]: each["mountPath"] for each in container("Deployment")["volumeMounts"]}
    volumes = {each["name"]: each for each in pod("Deployment")["spec"]["volumes"]}
    assert set(mounts) == set(volumes)
    clients = ALL["ConfigMap", volumes["clients"]["configMap"]["name"]]["data"]
    assert configuration()["CDS_CLIENTS_FILE"] in {f"{mounts['clients']}/{name}" for name in clients}
    (written,) = clients.values()
    path = tmp_path / "clients.json"
    path.write_text(written)
    assert load_clients(path)
    assert volumes["shm"]["emptyDir"]["medium"] == "Memory"


def test_the_network_is_closed_but_for_what_is_needed():
    policy = ALL["NetworkPolicy", NAME]["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    callers = {
        each["from"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]: each["ports"]
        for each in policy["ingress"]
    }
    assert {name: [port["port"] for port in ports] for name, ports in callers.items()} == {
        "ingress-nginx": ["http"],
        "monitoring": ["metrics"],
    }
    assert [[port["port"] for port in each["ports"]] for each in policy["egress"]] == [[53, 53], [5432], [443]]
    blocks = [to["ipBlock"]["cidr"] for each in policy["egress"] for to in each["to"] if "ipBlock" in to]
    for block in blocks:
        assert any(ipaddress.ip_network(block).subnet_of(each) for each in DOCUMENTATION), block
    assert len(blocks) == 3


def test_kustomize_lists_what_is_applied_together():
    (listed,) = documents(FOLDER / "kustomization.yaml")
    there = {path.name for path in FOLDER.glob("*.yaml")}
    assert there - set(listed["resources"]) == {"kustomization.yaml", "secret.example.yaml", "migrate-job.yaml"}
    assert set(listed["resources"]) <= there


def test_the_image_is_that_of_the_sandbox():
    assert {container(kind)["image"] for kind in ("Deployment", "Job")} == {compose()["services"]["cds"]["image"]}


def test_the_order_of_the_readme_has_the_secret_and_the_tables_before_the_pods():
    text = (DOCKER / "README.md").read_text()
    steps = re.findall(r"kubectl (?:-n cds-service )?(.+)", text)
    files = [name for step in steps for name in re.findall(r"-f (\S+)", step)]
    assert [name for name in files if not (FOLDER / name).exists()] == []
    kinds = [step.split()[0] + (" job" if "job" in step else " all" if "-k ." in step else "") for step in steps]
    assert kinds == ["apply", "create", "apply", "apply job", "wait job", "apply all"]
