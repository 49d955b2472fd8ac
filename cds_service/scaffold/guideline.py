"""A guideline of one's own, to start from: plans, value sets, code systems and cases of one disorder."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from cds_service.core.plan import BASE
from cds_service.errors import ScaffoldError
from cds_service.knowledge.blanks import to_blank
from cds_service.knowledge.read import PREFIXED

TEMPLATES = files("cds_service.scaffold") / "templates"
FOLDERS = ("plandefinitions", "valuesets", "cases")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME = 30  # an id of FHIR has at most 64 characters, and ids here are made of two names
ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
PLACEHOLDER = re.compile(r"<<([\w-]+)>>")


@dataclass(frozen=True)
class Guideline:
    """What is known of a guideline before its files are written: names, and by key whatever else was given."""

    name: str
    disorder: str
    base: str
    hooks: tuple[str, ...]
    today: str
    given: Mapping[str, str] = field(default_factory=dict)


class NewFile(NamedTuple):
    """A file to write: where in the folder, and what. `is_shared`: another guideline may have brought it before."""

    path: PurePosixPath
    content: dict[str, Any]
    is_shared: bool

    @property
    def text(self) -> str:
        """Return the content as the file holds it."""
        return json.dumps(self.content, indent=2, ensure_ascii=False) + "\n"


def to_files(guideline: Guideline) -> list[NewFile]:
    """Return the files of a guideline; what is not known yet is a blank in them.

    Raises ScaffoldError when a name or the base cannot be used, or two files would have one name.
    """
    _check_names(guideline)
    values = _values(guideline)
    first, *others = guideline.hooks
    made = [_file(each, values | {"hook": first}) for each in _templates()]
    service = next(each for each in _templates() if each.path.stem == "service")
    made += [_file(service, values | {"hook": hook}) for hook in others]
    paths = [each.path for each in made]
    if twice := {path for path in paths if paths.count(path) > 1}:
        raise ScaffoldError(f"Two files would be called {min(twice)}. Choose another name for the disorder.")
    return made


def _check_names(guideline: Guideline) -> None:
    for name in (guideline.name, guideline.disorder):
        if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            what = f"small letters, digits and single hyphens, at most {LONGEST_NAME} characters, such as example-rash"
            raise ScaffoldError(f"{name!r} is no name for files and addresses. Use {what}.")
    for address in (guideline.base, guideline.given.get("url") or guideline.base):
        if not ADDRESS.fullmatch(address):
            raise ScaffoldError(f"{address!r} is no address. Give one such as https://hospital.example.org/fhir.")
    if guideline.base.rstrip("/") == BASE:
        raise ScaffoldError(f"{BASE} is the base of the knowledge that is shipped. Use one of your own.")


def _values(guideline: Guideline) -> dict[str, str]:
    """Return a text for each placeholder: what is known, and a blank for what is not."""
    blanks = json.loads((TEMPLATES / "blanks.json").read_text("utf-8"))
    if unknown := set(guideline.given) - set(blanks):
        raise ScaffoldError(f"There is no blank called {min(unknown)}.")
    known = {"name": guideline.name, "disorder": guideline.disorder, "today": guideline.today}
    known |= {"base": guideline.base.rstrip("/")}
    given = {key: text.strip() for key, text in guideline.given.items() if text.strip()}
    return {key: to_blank(belongs) for key, belongs in blanks.items()} | given | known


class _Template(NamedTuple):
    path: PurePosixPath
    content: dict[str, Any]


@cache
def _templates() -> tuple[_Template, ...]:
    return tuple(
        _Template(PurePosixPath(folder, each.name), json.loads(each.read_text("utf-8")))
        for folder in FOLDERS
        for each in sorted((TEMPLATES / folder).iterdir(), key=lambda each: each.name)
    )


def _file(template: _Template, values: Mapping[str, str]) -> NewFile:
    content = _filled(template.content, values)
    folder, stem = template.path.parent, template.path.stem
    if folder.name == "cases":
        case = stem.replace("DISORDER", values["disorder"])
        return NewFile(folder / f"{values['name']}-{values['hook']}" / f"{case}.json", content, is_shared=False)
    stem = PREFIXED.get(content["resourceType"], "") + content["id"]
    return NewFile(folder / f"{stem}.json", content, is_shared=template.content["url"].startswith(BASE))


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, values) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, values) for each in value]
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda found: values[found[1]], value)
    return value
