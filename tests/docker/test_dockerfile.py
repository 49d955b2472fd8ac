"""The Dockerfile, read as text: no container engine is at hand. What its build step makes is tested in test_build."""

import re
import tomllib

import pytest

from cds_service.__main__ import main
from tests.docker.files import (
    IMAGE,
    METRICS_PORT,
    PORT,
    ROOT,
    SECRET,
    USER,
    copied,
    dockerfile,
    environment,
    every,
    exec_form,
    instructions,
)


def check_image(text: str) -> set[str]:
    """The rules that the image breaks."""
    preamble, build, final = instructions(text)
    (prefix,) = (each.split()[1] for each in every(build, "RUN") if each.startswith("docker/build.sh"))
    after_user = [name for name, _ in final[final.index(("USER", every(final, "USER")[-1])) :]]
    rules = {
        "pinned": all(IMAGE.fullmatch(each.split("=")[1]) for each in every(preamble, "ARG")),
        "one base": {each.split()[0] for each in every(build + final, "FROM")} == {"${PYTHON_IMAGE}"},
        "not root": re.fullmatch(rf"{USER}:{USER}", every(final, "USER")[-1]) and "RUN" not in after_user,
        "only what was built": every(final, "COPY") == [f"--from=build {prefix} {prefix}"],
        "on the path": environment(final)["PATH"] == f"{prefix}/bin:$PATH",
        "no bytecode at run time": environment(final).get("PYTHONDONTWRITEBYTECODE") == "1",
        "no installers": any("pip " in each and " uninstall " in each for each in every(final, "RUN")),
        "nothing fetched": not re.search(r"^ADD |curl |wget |apt-get ", text, re.MULTILINE),
        "no secrets": not [each for each in every(preamble + build + final, "ARG") if SECRET.search(each)]
        and not [name for name in environment(final) if SECRET.search(name)],
        "ports": every(final, "EXPOSE") == [f"{PORT} {METRICS_PORT}"],
    }
    return {name for name, kept in rules.items() if not kept}


def check_context(text: str, ignore: str) -> set[str]:
    """What the Dockerfile copies and a build would not find."""
    rules = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    let_through = {line[1:] for line in rules if line.startswith("!")}
    assert rules[0] == "*"
    return {source for source, _ in copied(text) if source not in let_through or not (ROOT / source).exists()}


def test_the_image_keeps_the_rules():
    assert check_image(dockerfile()) == set()


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("3.11.13-slim-bookworm\n", "latest\n", "pinned"),
        ("=python:3.11.13-slim-bookworm\n", "=registry.example.org/python:3.11.13\n", "pinned"),
        ("FROM ${PYTHON_IMAGE}\n", "FROM python:3.11\n", "one base"),
        ("USER 65532:65532", "USER root", "not root"),
        ("USER 65532:65532", "USER 0:0", "not root"),
        ("USER 65532:65532", "USER cds", "not root"),
        ("USER 65532:65532", "USER 65532:65532\nRUN true", "not root"),
        ("COPY --from=build /opt/cds-service /opt/cds-service", "COPY . /app", "only what was built"),
        ("PATH=/opt/cds-service/bin", "PATH=/opt/other/bin", "on the path"),
        ("PYTHONDONTWRITEBYTECODE=1", "PYTHONDONTWRITEBYTECODE=", "no bytecode at run time"),
        ("RUN python -m pip --no-cache-dir uninstall", "RUN python -m pip list", "no installers"),
        ("RUN install -d", "RUN apt-get install curl && install -d", "nothing fetched"),
        ("HOME=/tmp", "HOME=/tmp CDS_SECRET_KEY=x", "no secrets"),
        ("EXPOSE 8000 9090", "EXPOSE 8000", "ports"),
    ],
)
def test_a_broken_rule_is_found(old, new, broken):
    assert old in dockerfile()
    assert check_image(dockerfile().replace(old, new)) == {broken}


def test_what_is_copied_exists_and_reaches_the_build():
    ignore = (ROOT / ".dockerignore").read_text()
    assert check_context(dockerfile(), ignore) == set()
    assert check_context(dockerfile(), ignore.replace("!LICENSE\n", "")) == {"LICENSE"}
    assert check_context(dockerfile().replace("COPY valuesets", "COPY value_sets"), ignore) == {"value_sets"}


def test_the_default_command_is_one_of_ours_on_the_exposed_port():
    final = instructions(dockerfile())[-1]
    assert exec_form(final, "ENTRYPOINT") == ["cds-service"]
    name, *arguments = exec_form(final, "CMD")
    given = main.get_command(None, name).make_context(name, arguments).params
    assert (given["host"], given["port"]) == ("0.0.0.0", PORT)


def test_the_labels_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (labels,) = every(instructions(dockerfile())[-1], "LABEL")
    told = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', labels))
    keys = {"title": "name", "description": "description", "version": "version", "licenses": "license"}
    assert told == {label: project[key] for label, key in keys.items()}
