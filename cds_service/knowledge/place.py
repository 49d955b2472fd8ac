"""Where knowledge is: two folders, or a Bundle in a file or at an http(s) address."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cds_service.errors import KnowledgeError, Problem
from cds_service.get import Bounds, make_get
from cds_service.knowledge.load import Sources, bundle_sources, folder_sources

ACCEPT = "application/fhir+json, application/json"
FETCH = Bounds(connect_s=3, read_s=10, total_s=20, most_bytes=200_000_000)


@dataclass(frozen=True)
class Place:
    """Two folders; or `bundle`, which goes before them, with the certificates that its address is trusted by."""

    plandefinitions: Path
    valuesets: Path
    bundle: str | None = None
    ca_file: Path | None = None

    @property
    def name(self) -> str:
        """Return what messages call it: nothing in it is a password."""
        if self.bundle is not None:
            return _shown(self.bundle) if self.is_remote else self.bundle
        return " and ".join(map(_relative, (self.plandefinitions, self.valuesets)))

    def is_same(self, other: "Place") -> bool:
        """Return whether another place is the same Bundle, or the same two folders, however they are written."""
        if self.bundle is not None or other.bundle is not None:
            return self.bundle == other.bundle
        return self.folders == other.folders

    @property
    def folders(self) -> tuple[Path, Path]:
        """Return the two folders, written in one way."""
        return self.plandefinitions.resolve(), self.valuesets.resolve()

    @property
    def is_remote(self) -> bool:
        """Return whether it is an address, which has to be fetched to know what is there."""
        return self.bundle is not None and self.bundle.startswith(("http://", "https://"))

    @property
    def files(self) -> Iterator[Path]:
        """Yield the files of the place as they are now; of an address there are none."""
        if self.bundle is None:
            for folder in (self.plandefinitions, self.valuesets):
                yield from sorted(folder.rglob("*.json"))
        elif not self.is_remote:
            yield Path(self.bundle)


def read_place(place: Place, fetch: Bounds = FETCH) -> Sources:
    """Return the artifacts of a place as they are now; raises KnowledgeError when a Bundle cannot be had."""
    if place.bundle is None:
        return folder_sources(place.plandefinitions, place.valuesets)
    shown = place.name
    try:
        raw = make_get(fetch, place.ca_file, ACCEPT)(place.bundle) if place.is_remote else _read(place.bundle)
    except (OSError, ValueError) as error:
        reason = f"the Bundle cannot be read: {_why(error)}."
        raise KnowledgeError([Problem(shown, "-", reason, "name a file, or an address that answers 200.")]) from None
    return bundle_sources(raw, shown.rpartition("/")[2] or shown)


def _read(file: str) -> bytes:
    return Path(file).read_bytes()


def _relative(folder: Path) -> str:
    """Return a folder as written, so that one of the current folder is not taken for a word."""
    return str(folder) if folder.is_absolute() or folder.parts[:1] == ("..",) else f"./{folder}"


def _shown(url: str) -> str:
    """Return an address without what could be a password: its user and its query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
