"""The hook files for pre-commit: well formed, and about files and folders that are there. pre-commit is not needed."""

import re
import shlex

import pytest
import yaml

HOOK = {"id": str, "name": str, "entry": str, "language": str, "description": str, "files": str, "args": list}
HOOK |= {"types": list, "pass_filenames": bool}
NEEDED = {"id", "name", "entry", "language"}


def wrong(hook):
    """Return what pre-commit would refuse of a hook, and a choice of files that is not made."""
    found = [f"{name} is missing" for name in sorted(NEEDED - set(hook))]
    found += [f"{name} is not known" for name in sorted(set(hook) - set(HOOK))]
    found += [
        f"{name} is no {kind.__name__}" for name, kind in HOOK.items() if not isinstance(hook.get(name, kind()), kind)
    ]
    found += ["args are not strings"] if not all(isinstance(each, str) for each in hook.get("args", [])) else []
    found += ["language is not used here"] if hook.get("language") not in ("python", "system") else []
    return found + (["no choice of files"] if not {"files", "types"} & set(hook) else [])


@pytest.fixture(scope="module")
def offered(root):
    """The hooks that other repositories can use."""
    return yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())


@pytest.fixture(scope="module")
def own(root):
    """The hooks of this repository."""
    config = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())
    assert set(config) == {"repos"}
    (repo,) = config["repos"]
    assert set(repo) == {"repo", "hooks"}
    assert repo["repo"] == "local"
    return repo["hooks"]


def test_the_hooks_are_well_formed(offered, own):
    assert [each["id"] for each in offered] == ["cds-service-check"]
    assert {each["id"]: wrong(each) for each in (*offered, *own) if wrong(each)} == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"entri": "x"}, ["entri is not known"]),
        ({"pass_filenames": "no"}, ["pass_filenames is no bool"]),
        ({"args": [1]}, ["args are not strings"]),
        ({"language": "cobol"}, ["language is not used here"]),
    ],
)
def test_a_hook_that_is_not_well_formed_is_found(offered, change, told):
    assert wrong(offered[0] | change) == told
    assert wrong({}) == [f"{name} is missing" for name in sorted(NEEDED)] + [
        "language is not used here",
        "no choice of files",
    ]


def test_the_offered_hook_looks_at_knowledge_and_cases(offered):
    (hook,) = offered
    assert hook["pass_filenames"] is False
    for name in ("plandefinitions/a/b.json", "valuesets/x.json", "cases/s/c.json"):
        assert re.search(hook["files"], name)
    for name in ("README.md", "docs/plandefinitions/x.json", "valuesets/notes.txt"):
        assert not re.search(hook["files"], name)


def test_our_own_hook_checks_what_make_check_checks(own, root):
    (hook,) = [each for each in own if each["id"] == "cds-service-check"]
    command = shlex.join([*shlex.split(hook["entry"]), *hook["args"]])
    (line,) = [line.strip() for line in (root / "Makefile").read_text().splitlines() if "cds-service check" in line]
    assert command == line.replace("$(BIN)", ".venv/bin")
