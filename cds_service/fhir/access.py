"""What a call gives to reach the EHR's FHIR server with (CDS Hooks 2.0, FHIR Resource Access)."""

import re
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal, NamedTuple

Interaction = Literal["read", "search"]
WhyNot = Literal["absent", "incomplete", "expired", "foreign"]

_TOKEN = re.compile(r"[\x21-\x7e]+")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_SCOPE = re.compile(
    r"(?:patient|user|system)/(?P<type>[A-Za-z]+|\*)\.(?:(?P<v1>read|write|\*)|(?P<v2>c?r?u?d?s?))(?:\?\S*)?"
)
_LETTER: dict[Interaction, str] = {"read": "r", "search": "s"}
_V1 = {"read": "rs", "*": "cruds", "write": "cud"}


class Scope(NamedTuple):
    """A resource scope of SMART App Launch: a type or *, and which letters of `cruds` it permits."""

    resource_type: str
    permits: str


@dataclass(frozen=True)
class Access:
    """Base address, bearer token and resource scopes of one call. The token is shown nowhere."""

    server: str
    token: str = field(repr=False)
    scopes: tuple[Scope, ...] = ()

    def covers(self, resource_type: str, interaction: Interaction) -> bool:
        """Return whether the scopes permit this; without any resource scope that can be read, the server decides.

        A scope that is narrowed by a query (SMART 2) counts as covering: the server filters.
        """
        letter = _LETTER[interaction]
        fits = (scope.resource_type in ("*", resource_type) and letter in scope.permits for scope in self.scopes)
        return not self.scopes or any(fits)


def parse_access(fhir_server: Any, fhir_authorization: Any, patient_id: str) -> Access | WhyNot:
    """Return the access that `fhirServer` and `fhirAuthorization` give to one patient's records, or why there is none.

    `absent`: no authorization, or null; `incomplete`: no server, no usable bearer token; `expired`: `expires_in` is
    zero or less; `foreign`: the token is for another patient.
    """
    if fhir_authorization is None:
        return "absent"
    token = _parse_token(fhir_authorization)
    if not isinstance(fhir_server, str) or not fhir_server or token is None:
        return "incomplete"
    lifetime = _parse_lifetime(fhir_authorization.get("expires_in"))
    if lifetime is None:
        return "incomplete"
    if lifetime <= 0:
        return "expired"
    if not _is_of(fhir_authorization.get("patient"), patient_id):
        return "foreign"
    return Access(fhir_server.rstrip("/"), token, parse_scopes(fhir_authorization.get("scope")))


def parse_scopes(text: Any) -> tuple[Scope, ...]:
    """Return the resource scopes among space-separated scopes, in the syntax of SMART 1 or 2; others are left out."""
    words = text.split() if isinstance(text, str) else []
    return tuple(scope for word in words if (scope := _parse_scope(word)))


def _parse_scope(word: str) -> Scope | None:
    if word == "*":
        return Scope("*", "cruds")
    match = _SCOPE.fullmatch(word)
    permits = match and (_V1.get(match["v1"] or "") or match["v2"])
    return Scope(match["type"], permits) if match and permits else None


def _parse_token(authorization: Any) -> str | None:
    if not isinstance(authorization, dict):
        return None
    kind, token = authorization.get("token_type"), authorization.get("access_token")
    is_bearer = isinstance(kind, str) and kind.lower() == "bearer"
    return token if is_bearer and isinstance(token, str) and _TOKEN.fullmatch(token) else None


def _parse_lifetime(value: Any) -> float | None:
    """Return seconds: endless where they are left out, None where they are no number."""
    if isinstance(value, str):
        return int(value) if _INTEGER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        return None
    return inf if value is None else value


def _is_of(patient: Any, patient_id: str) -> bool:
    return patient is None or (isinstance(patient, str) and _bare(patient) == _bare(patient_id))


def _bare(patient: str) -> str:
    return patient.removeprefix("Patient/")
