"""A FHIR terminology server: what is asked of it (R4, Terminology Service), and how its answers are read.

What it says is checked before it is believed: a partial expansion is none, and an answer that redirects, is too large
or is no JSON is an error that one sentence tells.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
import requests

from cds_service.core.coding import Code
from cds_service.errors import TerminologyError

PIECE = 1 << 16
LONGEST_REASON = 300
JSON = "application/fhir+json"
Json = Mapping[str, Any]
Verdict = Literal["right", "display", "unknown", "unchecked"]


@dataclass(frozen=True)
class Server:
    """The base address of a terminology server, and how long and how much is waited for."""

    url: str
    ca_file: Path | None = None
    connect_s: float = 3.0
    read_s: float = 60.0
    largest_answer: int = 50_000_000
    page: int = 2000
    pages: int = 2000

    @property
    def source(self) -> str:
        """Return the address without user, password and query."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}".rstrip("/")


class Validation(NamedTuple):
    """What a server says of a code: its verdict, and the display it has for it, or why it could not tell."""

    verdict: Verdict
    said: str


class Refused(TerminologyError):
    """The server answered, and says why it does not do what it was asked."""


def fetch_validation(server: Server, code: Code) -> Validation:
    """Return what a server says of a code and its display.

    Raises TerminologyError when it cannot be asked; a system that it does not have is `unchecked`.
    """
    try:
        told = _validate(server, code, code.display)
    except Refused as error:
        return Validation("unchecked", str(error))
    if told.get("result") is True:
        return Validation("right", code.display)
    if any(name in told for name in ("x-unknown-system", "x-caused-by-unknown-system")):
        return Validation("unchecked", str(told.get("message", "unknown system")))
    alone = _validate(server, code, None)
    if alone.get("result") is not True:
        return Validation("unknown", str(told.get("message", "")))
    return Validation("display", str(alone.get("display") or told.get("display") or told.get("message", "")))


def _validate(server: Server, code: Code, display: str | None) -> dict[str, Any]:
    parameters = [{"name": "url", "valueUri": code.system}, {"name": "code", "valueCode": code.code}]
    parameters += [{"name": "display", "valueString": display}] if display else []
    answer = ask(server, "CodeSystem/$validate-code", parameters)
    try:
        told = msgspec.convert(answer["parameter"], list[dict[str, Any]])
    except (KeyError, msgspec.ValidationError):
        raise TerminologyError(f"{server.source} answered $validate-code with no Parameters.") from None
    return {each.get("name", ""): value for each in told for key, value in each.items() if key.startswith("value")}


def ask(server: Server, operation: str, parameters: Sequence[Json]) -> dict[str, Any]:
    """Return the JSON object that an operation answers with; raises TerminologyError for anything else."""
    body = json.dumps({"resourceType": "Parameters", "parameter": parameters}).encode()
    try:
        status, raw = _post(server, operation, body)
    except requests.Timeout:
        raise TerminologyError(f"{server.source} did not answer in time.") from None
    except requests.RequestException as error:
        raise TerminologyError(f"{server.source} cannot be reached ({type(error).__name__}).") from None
    try:
        answer = json.loads(raw)
    except ValueError:
        reason = f"answered {status} with what is no JSON. Is this its base address for FHIR?"
        raise TerminologyError(f"{server.source} {reason}") from None
    if status != requests.codes.ok or not isinstance(answer, dict) or answer.get("resourceType") == "OperationOutcome":
        raise Refused(f"{server.source} answered {status}: {_reason(answer)}")
    return answer


def _post(server: Server, operation: str, body: bytes) -> tuple[int, bytes]:
    headers = {"Accept": JSON, "Content-Type": JSON}
    with requests.post(
        f"{server.url.rstrip('/')}/{operation}",
        body,
        headers=headers,
        timeout=(server.connect_s, server.read_s),
        stream=True,
        allow_redirects=False,
        verify=str(server.ca_file) if server.ca_file else True,
    ) as answered:
        if answered.is_redirect or 300 <= answered.status_code < 400:
            raise TerminologyError(f"{server.source} sent us elsewhere: give the address that answers itself.")
        raw = bytearray()
        for piece in answered.iter_content(PIECE):
            raw += piece
            if len(raw) > server.largest_answer:
                raise TerminologyError(f"{server.source} sent more than {server.largest_answer} bytes.")
        return answered.status_code, bytes(raw)


def _reason(answer: Any) -> str:
    """Return the first reason of an OperationOutcome, in one line."""
    issues = answer.get("issue") if isinstance(answer, dict) else None
    first = issues[0] if isinstance(issues, list) and issues and isinstance(issues[0], dict) else {}
    details = first.get("details")
    text = first.get("diagnostics") or (details.get("text") if isinstance(details, dict) else None) or first.get("code")
    return " ".join(str(text or "no reason given").split())[:LONGEST_REASON]
