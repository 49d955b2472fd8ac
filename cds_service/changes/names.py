"""What the artifacts call value sets, plans, code systems and codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.changes.differences import at, items
from cds_service.knowledge.read import Artifact

Titles = Mapping[str, str]


@dataclass(frozen=True)
class Names:
    """Titles by address, names of code systems by any of their identifiers, displays by system and code."""

    titles: Titles
    systems: Titles
    displays: Mapping[tuple[str, str], str]

    def title(self, url: str) -> str:
        """Return what an artifact is called: its title, else the last part of its address."""
        return self.titles.get(url) or url.rpartition("/")[2] or url

    def system(self, uri: str) -> str:
        """Return what a code system is called: its name, its title, or its address."""
        return self.systems.get(uri) or self.titles.get(uri) or uri

    def code(self, coding: Any) -> str:
        """Return what a coding is called: the display of its code system, else its own, else the code."""
        system, code = str(at(coding, "system")), str(at(coding, "code"))
        display = str(at(coding, "display") or code)
        own = display if display.casefold() == code.casefold() else f"{display} ({code})"
        return self.displays.get((system, code)) or own


def names_of(artifacts: Iterable[Artifact]) -> Names:
    """Return the names that artifacts give; the last that names a thing decides."""
    titles: dict[str, str] = {}
    systems: dict[str, str] = {}
    displays: dict[tuple[str, str], str] = {}
    for each in artifacts:
        source, url = each.source, str(each.source.get("url", ""))
        if url:
            titles[url] = str(source.get("title") or each.id)
        if each.kind == "CodeSystem":
            displays |= {(url, str(at(one, "code"))): str(at(one, "display")) for one in items(source.get("concept"))}
        if each.kind == "NamingSystem":
            systems |= {str(at(one, "value")): str(source.get("name")) for one in items(source.get("uniqueId"))}
    return Names(titles, systems, displays)
