"""The contract as JSON Schemas: what may be sent and what must be answered, by address, method and status."""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from cds_service import __version__
from cds_service.hooks.openapi import describe
from tests.golden import CASES

SERVICES = sorted({name.partition("/")[0] for name in CASES})
DESCRIPTION = describe(SERVICES, None, __version__, authenticated=False)
CALL = "/cds-services/{id}"
FEEDBACK = f"{CALL}/feedback"


def resolved(node: Any) -> Any:
    """Return a node of the description, or what it refers to."""
    for step in node["$ref"].removeprefix("#/").split("/") if "$ref" in node else []:
        node = DESCRIPTION[step] if step == "components" else node[step]
    return node


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of a schema of the description; formats such as uuid are checked."""
    whole = {"components": DESCRIPTION["components"], "allOf": [schema]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def schema_of(name: str) -> jsonschema_rs.Draft202012Validator:
    return validator({"$ref": f"#/components/schemas/{name}"})


@cache
def request_to(path: str) -> jsonschema_rs.Draft202012Validator:
    content = DESCRIPTION["paths"][path]["post"]["requestBody"]["content"]
    assert content["application/json"]["schema"] == content["application/fhir+json"]["schema"]
    return validator(content["application/json"]["schema"])


@cache
def answer_of(path: str, method: str, status: int, media_type: str) -> jsonschema_rs.Draft202012Validator:
    described = resolved(DESCRIPTION["paths"][path][method]["responses"][str(status)])
    return validator(described["content"][media_type]["schema"])


def assert_described(answer: Any, path: str = CALL, method: str = "post") -> None:
    """Status, media type, headers and every value of the body are as described. A draft given back is the client's."""
    answer_of(path, method, answer.status_code, answer.mimetype).validate(answer.json)
    headers = resolved(DESCRIPTION["paths"][path][method]["responses"][str(answer.status_code)]).get("headers", {})
    assert not headers.keys() - answer.headers.keys()


# Every place of a body


Path = tuple[Any, ...]


def places(node: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value in a body."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield (*path, key)
        yield from places(child, (*path, key))


def kind(path: Path) -> str:
    """Return a path without the numbers of list elements."""
    return ".".join(step for step in path if isinstance(step, str))


def at(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def with_value(body: Any, path: Path, value: Any) -> Any:
    changed = copy.deepcopy(body)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def without(body: Any, path: Path) -> Any:
    changed = copy.deepcopy(body)
    del at(changed, path[:-1])[path[-1]]
    return changed


def optional(schema: jsonschema_rs.Draft202012Validator, body: Any) -> set[str]:
    """Return what may be left out of a valid body, by kind of path."""
    schema.validate(body)
    named = [path for path in places(body) if isinstance(path[-1], str)]
    return {kind(path) for path in named if schema.is_valid(without(body, path))}
