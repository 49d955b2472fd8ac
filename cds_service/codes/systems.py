"""The names by which an author may call a code system."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_service.knowledge.read import Artifact
from cds_service.knowledge.terms import aliases

ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
_NO_SIGN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Systems:
    """The systems that value sets draw from or a NamingSystem knows: their URIs, and what each may be called."""

    uris: frozenset[str]
    called: Mapping[str, str]

    def resolve(self, name: str) -> str | None:
        """Return the URI of a system by its URI, another identifier or a short name; None when there is none."""
        return name if name in self.uris else self.called.get(name) or self.called.get(_folded(name))

    def near(self, name: str) -> str:
        """Return what the author may have meant, else all URIs."""
        close = difflib.get_close_matches(_folded(name), self.called, n=3, cutoff=0.6)
        return ", ".join(dict.fromkeys(self.called[each] for each in close)) or ", ".join(sorted(self.uris))


def systems_of(terms: Iterable[Artifact]) -> Systems:
    """Return the systems of ValueSets and NamingSystems; a short name that two of them would have is not one."""
    terms = list(terms)
    used = {include.get("system", "") for each in terms for include in _includes(each)} - {""}
    naming = [each for each in terms if each.kind == "NamingSystem"]
    identifiers = {uri: preferred for uri, preferred in aliases(naming, []).items() if uri not in used}
    short: dict[str, set[str]] = {}
    for uri in used | {*identifiers.values()}:
        short.setdefault(_folded(uri.rstrip("/").rpartition("/")[2]), set()).add(uri)
    for each in naming:
        for preferred in {*aliases([each], []).values()}:
            for name in (each.id, str(each.source.get("name", ""))):
                short.setdefault(_folded(name), set()).add(preferred)
    names = {name: next(iter(uris)) for name, uris in short.items() if len(uris) == 1 and name}
    return Systems(frozenset(used | {*identifiers.values()}), {**names, **identifiers})


def _includes(artifact: Artifact) -> list[Mapping[str, str]]:
    return list(artifact.source.get("compose", {}).get("include", [])) if artifact.kind == "ValueSet" else []


def _folded(name: str) -> str:
    return _NO_SIGN.sub("", name).casefold()
