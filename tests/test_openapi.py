"""The OpenAPI description is valid, describes every route and no other, and its examples are real."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from cds_service.hooks.openapi import describe
from tests.contract_schema import CALL, DESCRIPTION, resolved, validator

METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
MAPS = {"properties", "patternProperties", "dependentSchemas", "$defs"}
LISTS = {"allOf", "anyOf", "oneOf"}
SINGLE = {"items", "additionalProperties", "if", "then", "else", "not"}
KEYWORDS = {
    *(MAPS | LISTS | SINGLE),
    *("$ref", "type", "const", "enum", "required", "dependentRequired", "pattern", "format", "contentMediaType"),
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "minimum"),
    *("description", "examples", "discriminator"),
}


def operations() -> set[tuple[str, str]]:
    return {(path, method) for path, item in DESCRIPTION["paths"].items() for method in item if method in METHODS}


def nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and every schema in it: not what only looks like one, such as an example."""
    if isinstance(schema, bool):
        return
    yield schema
    inner = [schema[name] for name in SINGLE & schema.keys()]
    inner += [each for name in LISTS & schema.keys() for each in schema[name]]
    inner += [each for name in MAPS & schema.keys() for each in schema[name].values()]
    for each in inner:
        yield from subschemas(each)


def media_types() -> Iterator[dict[str, Any]]:
    for path, method in operations():
        operation = DESCRIPTION["paths"][path][method]
        for each in (operation.get("requestBody", {}), *map(resolved, operation["responses"].values())):
            yield from each.get("content", {}).values()


def schemas() -> Iterator[dict[str, Any]]:
    roots = [*DESCRIPTION["components"]["schemas"].values(), *(each["schema"] for each in media_types())]
    for each in roots:
        yield from subschemas(each)


def test_it_is_valid_openapi():
    schemathesis.openapi.from_dict(copy.deepcopy(DESCRIPTION)).validate()


@pytest.mark.parametrize("path", [("info", "title"), ("paths", CALL, "post", "responses", "200", "description")])
def test_what_is_not_valid_openapi_is_refused(path):
    broken = copy.deepcopy(DESCRIPTION)
    node = broken
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = 7
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(broken).validate()


def test_every_schema_is_valid_and_has_no_keyword_that_nobody_reads():
    found = list(schemas())
    assert len(found) > 150
    for each in found:
        jsonschema_rs.meta.validate({"$schema": DESCRIPTION["jsonSchemaDialect"]} | each)
        assert not each.keys() - KEYWORDS, each


def test_every_reference_leads_somewhere_and_every_component_is_used():
    references = {each["$ref"] for each in nodes(DESCRIPTION) if isinstance(each, dict) and "$ref" in each}
    parts = DESCRIPTION["components"]
    known = {f"#/components/{kind}/{name}" for kind in parts if kind != "securitySchemes" for name in parts[kind]}
    assert references == known


def test_every_required_property_is_described():
    for each in schemas():
        if each.get("type") == "object":
            assert set(each.get("required", [])) <= set(each.get("properties", {})), each


def test_the_routes_are_described_and_what_is_described_is_served(client):
    served = {
        (re.sub(r"<\w+>", "{}", rule.rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(re.sub(r"{\w+}", "{}", path), method): (path, method) for path, method in operations()}
    assert served == described.keys()


@pytest.mark.parametrize(
    ("response", "name", "value"),
    [("Unauthorized", "WWW-Authenticate", "Bearer"), ("MethodNotAllowed", "Allow", "GET, HEAD")],
)
def test_a_401_and_a_405_have_the_header_that_http_asks_for(response, name, value):
    header = DESCRIPTION["components"]["responses"][response]["headers"][name]
    assert header["required"] is True
    assert validator(header["schema"]).is_valid(value)
    assert not validator(header["schema"]).is_valid("")


def test_b6_it_is_served_and_names_the_services_that_discovery_lists(client):
    answer = client.get("/openapi.json")
    assert answer.content_type == "application/json"
    assert answer.json == DESCRIPTION
    services = [each["id"] for each in client.get("/cds-services").json["services"]]
    assert sorted(services) == DESCRIPTION["components"]["parameters"]["ServiceId"]["schema"]["enum"]


def test_the_address_the_version_and_authentication_are_those_of_the_installation():
    described = describe(["b", "a"], "https://cds.example.org/ivig", "1.2.3", authenticated=True)
    assert described["servers"] == [{"url": "https://cds.example.org/ivig"}]
    assert described["info"]["version"] == "1.2.3"
    assert described["security"] == [{"jwt": []}]
    assert described["components"]["parameters"]["ServiceId"]["schema"]["enum"] == ["a", "b"]
    schemathesis.openapi.from_dict(described).validate()


def test_b3_without_services_it_is_still_valid():
    described = describe([], None, "1.2.3", authenticated=False)
    assert described["components"]["parameters"]["ServiceId"]["schema"] == {"type": "string"}
    assert described["security"] == [{}, {"jwt": []}]
    assert "servers" not in described
    schemathesis.openapi.from_dict(described).validate()


def test_every_example_is_valid():
    count = 0
    for each in media_types():
        examples = [*each.get("examples", {}).values(), *([{"value": each["example"]}] if "example" in each else [])]
        for example in examples:
            validator(each["schema"]).validate(example["value"])
            count += 1
    for schema in schemas():
        for example in schema.get("examples", []):
            validator(schema).validate(example)
            count += 1
    assert count >= 10


def test_the_example_call_gets_the_example_answer(client):
    operation = DESCRIPTION["paths"][CALL]["post"]
    call = operation["requestBody"]["content"]["application/json"]["examples"]["order-select"]["value"]
    shown = operation["responses"]["200"]["content"]["application/json"]["examples"]["order-select"]["value"]
    got = client.post("/cds-services/ivig-order-select", json=call).json
    told = shown["cards"][0]["detail"].removesuffix(" …")
    assert got["cards"][0]["detail"].startswith(told)
    assert without_uuids(got, detail=told) == without_uuids(shown, detail=told)


def without_uuids(answer: Any, detail: str) -> Any:
    (card,) = answer["cards"]
    suggestions = [each | {"uuid": ""} for each in card["suggestions"]]
    return card | {"uuid": "", "detail": detail, "suggestions": suggestions}


@pytest.mark.parametrize(
    ("schema", "name", "system"),
    [
        ("Recommendation", "stance", "stance"),
        ("Recommendation", "evidenceClass", "aan-evidence-class"),
        ("CardExtension", "org.cds-service.notice", "notice"),
    ],
)
def test_codes_are_those_of_our_code_systems(root, schema, name, system):
    concepts = json.loads((root / "valuesets" / f"codesystem-{system}.json").read_text())["concept"]
    described = DESCRIPTION["components"]["schemas"][schema]["properties"][name]["enum"]
    assert sorted(described) == sorted(each["code"] for each in concepts)
