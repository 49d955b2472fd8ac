"""Our own description: OpenAPI 3.1 as data beside this module, and what differs from one installation to the next."""

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import orjson


def describe(services: Iterable[str], base_url: str | None, version: str, authenticated: bool) -> dict[str, Any]:
    """Return the description of this installation (OpenAPI 3.1.1, schemas in JSON Schema 2020-12).

    `services` are the ids of the services, `base_url` is the address under which clients reach them (None: where they
    found the description), `version` is the program's. `authenticated` says that calls need a token.
    """
    description: dict[str, Any] = orjson.loads(files("cds_service.hooks").joinpath("openapi.json").read_bytes())
    description["info"]["version"] = version
    if base_url:
        description["servers"] = [{"url": base_url}]
    if ids := sorted(services):
        description["components"]["parameters"]["ServiceId"]["schema"]["enum"] = ids
    if authenticated:
        description["security"] = [{"jwt": []}]
    return description
