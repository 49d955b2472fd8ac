"""The fetching of one prefetch key: a read, or a search page by page (FHIR, Paging)."""

from dataclasses import dataclass, field

from cds_service.core.resources import Link, Resource, many
from cds_service.fhir.call import FetchLimits
from cds_service.fhir.outcome import Failed, Outcome
from cds_service.fhir.page import Server, follow
from cds_service.fhir.query import Query


@dataclass(frozen=True)
class Fetched:
    """How the fetching of one key ended, with the pages that came: of a read, the one resource."""

    outcome: Outcome
    pages: tuple[Resource, ...] = field(default=(), repr=False)

    @property
    def complete(self) -> bool:
        """Return whether the pages are all that the server has."""
        return self.outcome == "ok"


class Task:
    """One key; its pages grow in a thread of the client, and are read by the caller when time is up.

    `query` is None for a search whose first pages are there already: `pages_there`.
    """

    def __init__(self, url: str, query: Query | None, limits: FetchLimits, pages_there: int = 0) -> None:
        self._url = url
        self._query = query
        self._most_pages = limits.pages - pages_there
        self._entries_left = limits.entries
        self._seen: set[str] = set()
        self._pages: list[Resource] = []

    def run(self, server: Server) -> Fetched:
        """Return what the server has, as far as the limits go."""
        try:
            while self._url:
                self._fetch_one(server)
        except Failed as failure:
            return self.fetched(failure.outcome)
        return self.fetched("ok")

    def fetched(self, outcome: Outcome) -> Fetched:
        """Return what came so far: `partial` when something did before the end that `outcome` says."""
        return Fetched("partial" if self._pages and outcome != "ok" else outcome, tuple(self._pages))

    def _fetch_one(self, server: Server) -> None:
        if len(self._pages) >= self._most_pages or self._url in self._seen:
            raise Failed("partial")
        self._seen.add(self._url)
        page = server.fetch_page(self._url)
        if not _answers(page, self._query):
            raise Failed("wrong-resource")
        self._entries_left -= len(page.entry) if isinstance(page.entry, list) else 0
        if self._entries_left < 0:
            raise Failed("too-large")
        self._pages.append(page)
        self._url = _next(self._url, page) if page.resource_type == "Bundle" else ""


def _answers(page: Resource, query: Query | None) -> bool:
    if query is None or query.interaction == "search":
        return bool(page.resource_type == "Bundle")
    return bool(page.resource_type == query.resource_type and page.id == query.id)


def _next(url: str, page: Resource) -> str:
    """Return the address of the page after one; empty where it is the last."""
    links = (link.url for link in many(page.link, Link) if link.relation == "next")
    return next((follow(url, link) for link in links if isinstance(link, str)), "")
