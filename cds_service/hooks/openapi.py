"""Our own description: OpenAPI 3.1 as data beside this module, and what differs from one installation to the next."""

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import orjson


def describe(
    services: Iterable[str], base_url: str | None, version: str, authenticated: bool, explains: bool = False
) -> dict[str, Any]:
    """Return the description of this installation (OpenAPI 3.1.1, schemas in JSON Schema 2020-12).

    `services` are the ids of the services, `base_url` is the address under which clients reach them (None: where they
    found the description), `version` is the program's. `authenticated` says that calls need a token,
    `explains` that they can be explained.
    """
    description = _read("openapi.json")
    if explains:
        addition = _read("openapi_explain.json")
        description["paths"] |= addition["paths"]
        description["components"]["schemas"] |= addition["schemas"]
    description["info"]["version"] = version
    if base_url:
        description["servers"] = [{"url": base_url}]
    if ids := sorted(services):
        description["components"]["parameters"]["ServiceId"]["schema"]["enum"] = ids
    if authenticated:
        description["security"] = [{"jwt": []}]
    return description


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(files("cds_service.hooks").joinpath(name).read_bytes())
    return content
