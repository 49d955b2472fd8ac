"""One page from a FHIR server: asked, read, decoded (FHIR, RESTful API: read and search)."""

from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urljoin

import msgspec
import requests

from cds_service.core.resources import Junk, Resource
from cds_service.fhir.access import Access
from cds_service.fhir.call import Call
from cds_service.fhir.hosts import Origin, parse_origin
from cds_service.fhir.outcome import Failed, outcome_of_error, outcome_of_status

HOPS = 3
CHUNK = 65_536

_DECODER = msgspec.json.Decoder(Resource | Junk)
_ANYTHING = msgspec.json.Decoder()


@dataclass(frozen=True)
class Server:
    """One server, as one call may use it."""

    session: requests.Session
    access: Access
    origin: Origin
    call: Call

    def fetch_page(self, url: str) -> Resource:
        """Return the resource at an address of this server; raises Failed, and nothing else, where there is none.

        A redirect is followed within the origin, a few times.
        """
        if parse_origin(url) != self.origin:
            raise Failed("host-refused")
        for _ in range(HOPS + 1):
            body, location = self._get(url)
            if body is not None:
                return _decoded(body)
            url = follow(url, location)
            if parse_origin(url) != self.origin:
                break
        raise Failed("redirect")

    def _get(self, url: str) -> tuple[bytes | None, str]:
        """Return the body of an answer, or None and where it redirects to."""
        with self.call.request():
            try:
                return self._answer(url)
            except Failed:
                raise
            except Exception as error:  # noqa: BLE001  (whatever a lying server makes three libraries raise)
                raise Failed(outcome_of_error(error)) from None

    def _answer(self, url: str) -> tuple[bytes | None, str]:
        bearer = {"Authorization": f"Bearer {self.access.token}"}
        timeouts = self.call.timeouts()
        with closing(
            self.session.get(url, headers=bearer, stream=True, allow_redirects=False, timeout=timeouts)
        ) as response:
            outcome = outcome_of_status(response.status_code)
            if outcome == "redirect" and "Location" in response.headers:
                return None, response.headers["Location"]
            if outcome != "ok":
                raise Failed(outcome)
            return self._body(response), ""

    def _body(self, response: requests.Response) -> bytes:
        # read1 returns with what there is, so that time and size are looked at again and again
        chunks = []
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            self.call.take(len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)


def follow(url: str, link: str) -> str:
    """Return the address that a link in the answer of another leads to; where it is no link, one that is none."""
    try:
        return urljoin(url, link)
    except ValueError:
        return "invalid:"


def _decoded(body: bytes) -> Resource:
    """Return the resource of a body.

    Decoded twice: elements that a Resource keeps as bytes would otherwise fail much later, where nobody knows any more
    whose fault it is.
    """
    try:
        _ANYTHING.decode(body)
        resource = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Failed("not-json") from None
    if not isinstance(resource, Resource):
        raise Failed("wrong-resource")
    if resource.resource_type == "OperationOutcome":
        raise Failed("operation-outcome")
    return resource
