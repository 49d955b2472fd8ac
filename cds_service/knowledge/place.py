"""Where knowledge is: two folders, or a Bundle in a file or at an http(s) address."""

from dataclasses import dataclass
from pathlib import Path

import requests

from cds_service.errors import KnowledgeError, Problem
from cds_service.knowledge.load import Sources, bundle_sources, folder_sources

CONNECT_S, READ_S = 3.0, 10.0
LARGEST_BUNDLE = 200_000_000
PIECE = 1 << 20


@dataclass(frozen=True)
class Place:
    """Two folders; or `bundle`, which goes before them, with the certificates that its address is trusted by."""

    plandefinitions: Path
    valuesets: Path
    bundle: str | None = None
    ca_file: Path | None = None


def read_place(place: Place) -> Sources:
    """Return the artifacts of a place as they are now; raises KnowledgeError when a Bundle cannot be had."""
    if place.bundle is None:
        return folder_sources(place.plandefinitions, place.valuesets)
    return bundle_sources(_bytes(place.bundle, place.ca_file), place.bundle.rpartition("/")[2] or place.bundle)


def _bytes(bundle: str, ca_file: Path | None) -> bytes:
    try:
        if bundle.startswith(("http://", "https://")):
            return _fetched(bundle, ca_file)
        return Path(bundle).read_bytes()
    except (OSError, ValueError) as error:
        reason = f"the Bundle cannot be read ({type(error).__name__})."
        raise KnowledgeError([Problem(bundle, "-", reason, "name a file, or an address that answers 200.")]) from None


def _fetched(url: str, ca_file: Path | None) -> bytes:
    """Return the body of the address; an answer that redirects is none, and one above the limit is refused."""
    with requests.get(
        url,
        headers={"Accept": "application/fhir+json"},
        timeout=(CONNECT_S, READ_S),
        stream=True,
        allow_redirects=False,
        verify=str(ca_file) if ca_file else True,
    ) as answered:
        if answered.status_code != requests.codes.ok:
            raise ValueError(answered.status_code)
        body = bytearray()
        for piece in answered.iter_content(PIECE):
            body += piece
            if len(body) > LARGEST_BUNDLE:
                raise ValueError(LARGEST_BUNDLE)
        return bytes(body)
