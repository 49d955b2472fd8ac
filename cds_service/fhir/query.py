"""Prefetch templates filled from the context of a call (CDS Hooks 2.0, Prefetch tokens and Query restrictions)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from cds_service.fhir.access import Interaction

_TOKEN = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
# FHIR's id, and the underscore that some servers put into it: nothing that an address needs to escape.
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,64}")
_READ = re.compile(rf"([A-Z][A-Za-z]*)/({_ID.pattern})")
_SEARCH = re.compile(r"""([A-Z][A-Za-z]*)\?[\x21-\x7e]+""")
_NOT_IN_QUERY = frozenset('#{}\\"<>^`')


class Query(NamedTuple):
    """A read or a search: address relative to the server's base, type that is asked for, id of a read."""

    url: str
    resource_type: str
    interaction: Interaction
    id: str | None = None


def fill(template: str, values: Mapping[str, str | None]) -> Query | None:
    """Return the query that a template such as `Condition?patient={{context.patientId}}` means with these values.

    `values` is by the token's content, such as `context.patientId`. None where a token has no value, where a value is
    no FHIR id, and where the template is neither an instance read nor a type-level search.
    """
    names = _TOKEN.findall(template)
    if not all(_ID.fullmatch(values.get(name) or "") for name in names):
        return None
    url = _TOKEN.sub(lambda match: values[match[1]] or "", template)
    if match := _READ.fullmatch(url):
        return Query(url, match[1], "read", match[2])
    if (match := _SEARCH.fullmatch(url)) and _NOT_IN_QUERY.isdisjoint(url):
        return Query(url, match[1], "search")
    return None
