"""The clients file: the clients that may call, with the keys that each signs with (CDS Hooks 2.0, Trusting Clients).

    {"clients": [{"iss": "https://ehr.example.org", "jku": ["https://ehr.example.org/jwks.json"]}]}

Keys and addresses belong to one client. In a flat list of what is trusted, one client could sign as another.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated

import msgspec

from cds_service.access.address import is_fetchable
from cds_service.access.jwk import KeySet, UnusableKey, VerifyingKey, parse_key
from cds_service.errors import Problem, SettingsError

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


@dataclass(frozen=True)
class Client:
    """One issuer: its own keys, the addresses of its key sets, the tenants it may call for (None: any, or none)."""

    issuer: str
    urls: tuple[str, ...] = ()
    keys: KeySet = field(default_factory=dict, repr=False)
    tenants: frozenset[str] | None = None


class _Jwks(msgspec.Struct):
    keys: Annotated[list[object], msgspec.Meta(min_length=1)]


class _Entry(msgspec.Struct, rename="camel"):
    iss: Text
    jku: Annotated[list[Text], msgspec.Meta(min_length=1)] | None = None
    jwks: _Jwks | None = None
    jwks_file: Text | None = None
    tenants: Annotated[list[Text], msgspec.Meta(min_length=1)] | None = None


class _TrustFile(msgspec.Struct, forbid_unknown_fields=True):
    clients: Annotated[list[dict[str, object]], msgspec.Meta(min_length=1)]


def load_clients(path: Path) -> tuple[Client, ...]:
    """Return the clients of a clients file; raises SettingsError that lists every problem with its place and fix."""
    problems: list[Problem] = []
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_TrustFile).clients
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}. Fix: name a file that is there.") from None
    except (ValueError, RecursionError) as error:
        fix = 'write {"clients": [{"iss": ..., "jku": [...]}]}.'
        raise SettingsError(str(Problem(str(path), "-", f"is not a clients file: {error}.", fix))) from None
    clients = [_load_client(path, index, each, problems) for index, each in enumerate(found)]
    problems += _check_unique([each.get("iss") for each in found], path)
    if problems:
        raise SettingsError("\n".join(str(problem) for problem in sorted(set(problems))))
    return tuple(client for client in clients if client)


def _check_unique(issuers: list[object], path: Path) -> list[Problem]:
    again = [i for i, issuer in enumerate(issuers) if isinstance(issuer, str) and issuer in issuers[:i]]
    return [Problem(str(path), f"clients[{i}].iss", "is there already.", "name each issuer once.") for i in again]


def _load_client(path: Path, index: int, found: dict[str, object], problems: list[Problem]) -> Client | None:
    place = f"clients[{index}]"
    wrong = _check_shape(found, str(path), place)
    if wrong:
        problems += wrong
        return None
    entry = msgspec.convert(found, _Entry)
    problems += _check_entry(entry, str(path), place)
    keys = _load_keys(entry, path, place, problems)
    tenants = None if entry.tenants is None else frozenset(entry.tenants)
    merged = dict(chain.from_iterable(key.entries().items() for key in keys))
    return Client(entry.iss, tuple(entry.jku or ()), merged, tenants)


def _check_shape(found: dict[str, object], file: str, place: str) -> list[Problem]:
    """Return what is wrong with the members: msgspec alone would stop at the first."""
    fields = {each.encode_name: each for each in msgspec.structs.fields(_Entry)}
    allowed = ", ".join(fields)
    unknown = [name for name in found if name not in fields]
    problems = [Problem(file, f"{place}.{name}", "is not known.", f"there are {allowed}.") for name in unknown]
    if "iss" not in found:
        problems.append(Problem(file, place, "has no iss.", "give the iss that is in the client's tokens."))
    for name in fields.keys() & found.keys():
        try:
            msgspec.convert(found[name], fields[name].type)
        except msgspec.ValidationError as error:
            problems.append(Problem(file, f"{place}.{name}", f"{error}.", "see the example in docs/integrating.md."))
    return problems


def _check_entry(entry: _Entry, file: str, place: str) -> list[Problem]:
    problems = []
    if not entry.iss.isprintable():
        problems.append(Problem(file, f"{place}.iss", "holds a control character.", "write the iss of the tokens."))
    if not (entry.jku or entry.jwks or entry.jwks_file):
        problems.append(Problem(file, place, "has no keys.", "give at least one of jku, jwks and jwksFile."))
    for index, url in enumerate(entry.jku or ()):
        if not is_fetchable(url):
            fix = "give an absolute https address without user and fragment; http is for this machine only."
            problems.append(Problem(file, f"{place}.jku[{index}]", "is not an address to fetch keys from.", fix))
    return problems


def _load_keys(entry: _Entry, path: Path, place: str, problems: list[Problem]) -> list[VerifyingKey]:
    found: dict[tuple[str, str], object] = {}
    if entry.jwks:
        found |= {(str(path), f"{place}.jwks.keys[{i}]"): key for i, key in enumerate(entry.jwks.keys)}
    if entry.jwks_file:
        file = path.parent / entry.jwks_file
        found |= {(str(file), f"keys[{i}]"): key for i, key in enumerate(_load_jwks(file, place, path, problems))}
    return _usable(found, problems)


def _load_jwks(file: Path, place: str, path: Path, problems: list[Problem]) -> list[object]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Jwks).keys
    except OSError as error:
        wrong = Problem(str(path), f"{place}.jwksFile", f"cannot be read: {error.strerror}.", "name a file beside it.")
    except (ValueError, RecursionError) as error:
        wrong = Problem(str(file), "-", f"is not a JWK Set: {error}.", 'write {"keys": [...]}, as RFC 7517 says.')
    problems.append(wrong)
    return []


def _usable(found: Mapping[tuple[str, str], object], problems: list[Problem]) -> list[VerifyingKey]:
    keys: list[VerifyingKey] = []
    for (file, place), each in found.items():
        try:
            keys.append(parse_key(each))
        except UnusableKey as error:
            problems.append(Problem(file, place, error.reason, error.fix))
            continue
        if Counter(key.kid for key in keys)[keys[-1].kid] > 1:
            problems.append(Problem(file, f"{place}.kid", "is the id of another key.", "give every key its own."))
    return keys
