"""Files -> FHIR resources that are valid R4, with every problem of every file."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.namingsystem import NamingSystem
from fhir.resources.R4B.plandefinition import PlanDefinition
from fhir.resources.R4B.valueset import ValueSet
from pydantic import BaseModel, ValidationError

from cds_service.errors import Problem
from cds_service.knowledge.blanks import BLANK, check_blanks
from cds_service.knowledge.plain import without_plain

MODELS: dict[str, type[BaseModel]] = {
    "PlanDefinition": PlanDefinition,
    "ValueSet": ValueSet,
    "CodeSystem": CodeSystem,
    "NamingSystem": NamingSystem,
}
ESCAPED = rb"\u003"  # of a colon, among others
ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
PREFIXED = {"CodeSystem": "codesystem-", "NamingSystem": "namingsystem-"}


@dataclass(frozen=True)
class Artifact:
    """One resource: where it is as an author knows it, its type, its JSON, and whether that is valid FHIR."""

    file: str
    kind: str
    source: dict[str, Any]
    is_valid: bool

    @cached_property
    def digest(self) -> bytes:
        """Return the SHA-256 digest of the JSON, whatever the order of its elements."""
        return hashlib.sha256(write_out(self.source)).digest()

    @property
    def id(self) -> str:
        """Return the resource's id."""
        return str(self.source.get("id", ""))

    @property
    def key(self) -> tuple[str, str]:
        """Return type and id, by which artifacts are put in order wherever they come from."""
        return self.kind, self.id


def read_folder(folder: Path, kinds: Iterable[str], problems: list[Problem]) -> list[Artifact]:
    """Return the valid artifacts of a folder and its subfolders in the order of type and id; problems are added."""
    if not folder.is_dir():
        problems.append(Problem(str(folder), "-", "there is no such folder.", "name the folder that holds the files."))
        return []
    files = sorted(path for path in folder.rglob("*.json") if path.is_file())
    if not files:
        problems.append(Problem(str(folder), "-", "the folder holds no .json file.", "name the right folder."))
    read = [_read(path, f"{folder.name}/{path.relative_to(folder)}", set(kinds), problems) for path in files]
    return sorted((each for each in read if each and each.is_valid), key=lambda each: each.key)


def _read(path: Path, file: str, kinds: set[str], problems: list[Problem]) -> Artifact | None:
    try:
        raw = path.read_bytes()
    except OSError as error:  # it was there a moment ago, or belongs to somebody else
        problems.append(Problem(file, "-", f"cannot be read: {error.strerror}.", "let the service read it."))
        return None
    source, written = _parse(raw, file, problems)
    artifact = None if source is None else to_artifact(source, file, kinds, problems, written)
    if artifact:
        problems += _misnamed_file(file, path.stem, artifact)
    return artifact


def parse_json(raw: bytes, file: str, problems: list[Problem]) -> Any:
    """Return the JSON of a file; None, with a problem, when it is none or an element is given twice."""
    return _parse(raw, file, problems)[0]


def _parse(raw: bytes, file: str, problems: list[Problem]) -> tuple[Any, bytes | None]:
    """Return the JSON of a file, and the same as `write_out` gives it, where that was needed."""
    try:
        value = msgspec.json.decode(raw)
        written = write_out(value)
        is_escaped = b"\\" in raw and ESCAPED in raw  # in this order: most files hold no backslash, which is soon seen
        if written.count(b":") == raw.count(b":") and not is_escaped:  # else an element may be given twice
            return value, written
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # the standard library says where it is wrong, and reads what else Python calls JSON
    try:
        return json.loads(raw, object_pairs_hook=_without_duplicates), None
    except ValueError as error:
        problems.append(Problem(file, "-", f"not readable as JSON: {error}.", "correct the JSON at that place."))
    except RecursionError:
        problems.append(Problem(file, "-", "not readable as JSON: nested too deep.", "write it as FHIR R4 does."))
    return None, None


def write_out(value: object) -> bytes:
    """Return JSON of one form: no spaces, the elements of each object in the order of their names."""
    return msgspec.json.encode(value, order="deterministic")


def to_artifact(
    source: object, file: str, kinds: Set[str], problems: list[Problem], written: bytes | None = None
) -> Artifact | None:
    """Return the artifact of one resource, with its problems added; None when it is none of the kinds.

    `written` is what `write_out` gives of it, where that is known: writing a large one takes time.
    """
    kind = source.get("resourceType") if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(kind, str) or kind not in kinds:
        expected = " or ".join(sorted(kinds))
        problems.append(Problem(file, "resourceType", f"{kind!r} does not belong here.", f"use {expected}."))
        return None
    unfilled = check_blanks(file, source, kind) if written is None or BLANK.encode() in written else []
    at_blanks = {problem.path for problem in unfilled}
    invalid = [problem for problem in _invalid(file, kind, source) if problem.path not in at_blanks]
    problems += [*unfilled, *invalid, *_misnamed(file, kind, source)]
    artifact = Artifact(file, kind, source, not (unfilled or invalid))
    if written is not None:
        vars(artifact)["digest"] = hashlib.sha256(written).digest()  # where cached_property keeps it
    return artifact


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"the element {twice[0]!r} is given twice")
    return dict(pairs)


def _invalid(file: str, kind: str, source: dict[str, Any]) -> list[Problem]:
    """Return what makes a resource invalid FHIR; the library itself lets null and empty elements pass."""
    if kind == "ValueSet" and not _breaches(file, kind, without_plain(source)):
        return []
    return _breaches(file, kind, source)


def _breaches(file: str, kind: str, source: dict[str, Any]) -> list[Problem]:
    found: list[Problem] = []
    try:
        found += [
            Problem(file, kind + path, "not valid FHIR R4: null or empty.", "remove the element or give it a value.")
            for path in _empty(source, "")
        ]
        MODELS[kind].model_validate(source)
    except ValidationError as error:
        told = {problem.path for problem in found}
        invalid = [_problem(file, kind, detail) for detail in error.errors()]
        found += [problem for problem in invalid if problem.path not in told]
    except RecursionError:
        found.append(Problem(file, kind, "nested too deep.", "write it as FHIR R4 does."))
    except (KeyError, TypeError, AttributeError):  # of the library, at a url or contained resourceType of another kind
        reason = "not valid FHIR R4: a url that is no string, or a contained resource of no known type."
        found.append(Problem(file, kind, reason, "correct each url and the resourceType of each contained resource."))
    return found


def _empty(value: object, path: str) -> Iterator[str]:
    if value is None or value in ([], {}, ""):
        yield path
    items: Iterable[tuple[str, object]] = ()
    if isinstance(value, dict):
        items = ((f".{name}", each) for name, each in value.items())
    elif isinstance(value, list):
        items = ((f"[{i}]", each) for i, each in enumerate(value))
    for name, each in items:
        yield from _empty(each, path + name)


def _problem(file: str, kind: str, detail: Any) -> Problem:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
    said = "".join(ESCAPES.get(each, each) for each in detail["msg"].rstrip("."))  # a pattern may hold line breaks
    return Problem(file, kind + path, f"not valid FHIR R4: {said}.", "see the FHIR R4 page of this resource.")


def _misnamed_file(file: str, stem: str, artifact: Artifact) -> list[Problem]:
    expected = PREFIXED.get(artifact.kind, "") + artifact.id
    if stem == expected:
        return []
    return [Problem(file, "id", f"the file should be called {expected}.json.", "rename the file or the id.")]


def _misnamed(file: str, kind: str, source: dict[str, Any]) -> list[Problem]:
    url = str(source.get("url", ""))
    if kind == "NamingSystem" or url.endswith(f"/{kind}/{source.get('id')}"):
        return []
    return [Problem(file, "url", "the url does not end in the type and id.", f"end it in /{kind}/<id>.")]
