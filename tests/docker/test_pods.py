"""The pods of the Kubernetes example keep the rules of the Pod Security level "restricted", and ours."""

import pytest

from tests.docker.files import IMAGE, USER, pod


def check_pod(template: dict) -> set[str]:
    """The rules that a pod breaks: those of the Pod Security level "restricted", and ours."""
    spec = template["spec"]
    (found,) = spec["containers"]
    own, shared = found["securityContext"], spec["securityContext"]
    mounts = {each["mountPath"] for each in found["volumeMounts"]}
    rules = {
        "pinned": IMAGE.fullmatch(found["image"]),
        "not root": shared.get("runAsNonRoot") is True and {shared["runAsUser"], shared["runAsGroup"]} == {USER},
        "seccomp": shared.get("seccompProfile") == {"type": "RuntimeDefault"},
        "read-only": own.get("readOnlyRootFilesystem") is True and "/tmp" in mounts,
        "no capabilities": own.get("capabilities") == {"drop": ["ALL"]},
        "no escalation": own.get("allowPrivilegeEscalation") is False and not own.get("privileged"),
        "no host": not {"hostNetwork", "hostPID", "hostIPC"} & set(spec),
        "volumes": all({"emptyDir", "configMap"} & set(each) for each in spec["volumes"]),
        "no token": spec.get("automountServiceAccountToken") is False,
        "no service links": spec.get("enableServiceLinks") is False,
        "resources": all({"cpu", "memory"} <= set(found["resources"][each]) for each in ("requests", "limits")),
        "no literal settings": "env" not in found,
    }
    return {name for name, kept in rules.items() if not kept}


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_every_pod_keeps_the_rules(kind):
    assert check_pod(pod(kind)) == set()


@pytest.mark.parametrize(
    ("where", "change", "broken"),
    [
        ("container", {"image": "cds-service:latest"}, "pinned"),
        ("container", {"image": "registry.example.org/cds-service:0.1.0"}, "pinned"),
        ("pod security", {"runAsUser": 0}, "not root"),
        ("pod security", {"runAsNonRoot": False}, "not root"),
        ("pod security", {"seccompProfile": {"type": "Unconfined"}}, "seccomp"),
        ("security", {"readOnlyRootFilesystem": False}, "read-only"),
        ("security", {"capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}, "no capabilities"),
        ("security", {"allowPrivilegeEscalation": True}, "no escalation"),
        ("security", {"privileged": True}, "no escalation"),
        ("pod", {"hostNetwork": True}, "no host"),
        ("pod", {"volumes": [{"name": "tmp", "hostPath": {"path": "/tmp"}}]}, "volumes"),
        ("pod", {"automountServiceAccountToken": True}, "no token"),
        ("pod", {"enableServiceLinks": True}, "no service links"),
        ("container", {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1"}}}, "resources"),
        ("container", {"env": [{"name": "CDS_SECRET_KEY", "value": "x"}]}, "no literal settings"),
    ],
)
def test_a_broken_rule_is_found(where, change, broken):
    template = pod("Deployment")
    found = template["spec"]["containers"][0]
    security = {"pod security": template["spec"]["securityContext"], "security": found["securityContext"]}
    ({"pod": template["spec"], "container": found} | security)[where].update(change)
    assert check_pod(template) == {broken}
