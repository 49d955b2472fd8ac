"""Releases of ICD-10-CM, read by simple-icd-10-cm: the one it brings along, or one from the CDC's files."""

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from cds_service.errors import ExtraMissing, TerminologyError

_YEAR = re.compile(r"<version>\s*(\d{4})\s*</version>")
_HEAD = 4096  # characters: the year stands in the third line


class Node(NamedTuple):
    """One code of a release: its description, its parent among the codes, and the codes right below it."""

    display: str
    parent: str | None
    children: tuple[str, ...]


@dataclass(frozen=True)
class Release:
    """One release: where it is from, the fiscal year it is for, and its codes from category to seventh character."""

    source: str
    year: str
    nodes: Mapping[str, Node]

    def is_billable(self, code: str) -> bool:
        """Return whether a code has none below it; the others are categories."""
        return not self.nodes[code].children

    def below(self, code: str) -> Iterator[str]:
        """Return a code and all its descendants, as FHIR's is-a does: billable codes and categories alike."""
        yield code
        for child in self.nodes[code].children:
            yield from self.below(child)


@cache
def load_installed() -> Release:
    """Return the release that simple-icd-10-cm brings along.

    Raises ExtraMissing when the package is not installed.
    """
    icd = _package()
    (tabular,) = (each for each in files("simple_icd_10_cm.data").iterdir() if each.name.endswith(".xml"))
    with tabular.open(encoding="utf-8") as file:
        head = file.read(_HEAD)
    source = f"simple-icd-10-cm {version('simple-icd-10-cm')}, {tabular.name.removesuffix('.xml')}"
    return Release(source, _year(head), _nodes(icd))


def load_release(codes: Path, tabular: Path) -> Release:
    """Return the release of the CDC's list of codes (text) and tabular list (XML).

    Raises TerminologyError when they cannot be read, ExtraMissing when simple-icd-10-cm is not installed.
    """
    load_installed()  # the package holds one release at a time: its own is kept before another takes its place
    icd = _package()
    try:
        year = _year(tabular.read_text(encoding="utf-8")[:_HEAD])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            icd.change_version(str(codes), str(tabular))
        nodes = _nodes(icd)
    except (OSError, ValueError, ParseError, LookupError, TypeError) as error:
        reason = f"{codes} and {tabular} are no release of ICD-10-CM that can be read ({type(error).__name__})."
        raise TerminologyError(reason) from None
    if not nodes:
        raise TerminologyError(f"{codes} and {tabular} hold no codes.")
    return Release(tabular.stem, year, nodes)


def _package() -> Any:
    try:
        with warnings.catch_warnings():  # it reads its own files in a way that Python is going to drop
            warnings.simplefilter("ignore")
            import simple_icd_10_cm
    except ImportError:
        raise ExtraMissing("simple-icd-10-cm") from None
    return simple_icd_10_cm


def _nodes(icd: Any) -> dict[str, Node]:
    codes = {code: None for code in icd.get_all_codes() if icd.is_category_or_subcategory(code)}
    parents = {code: icd.get_parent(code) for code in codes}
    return {
        code: Node(icd.get_description(code), parent if parent in codes else None, tuple(icd.get_children(code)))
        for code, parent in parents.items()
    }


def _year(head: str) -> str:
    found = _YEAR.search(head)
    return found[1] if found else "of no year"
