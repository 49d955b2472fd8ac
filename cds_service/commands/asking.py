"""What `try` and `explain` have in common: one request from a file, asked without a server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click
import msgspec

from cds_service.cases.read import looks_like_case, parse_case
from cds_service.cases.show import show_answer
from cds_service.commands.options import REFUSED, fail
from cds_service.commands.request_file import read_request_file
from cds_service.errors import KnowledgeError, RequestError
from cds_service.hooks.outcome import to_outcome
from cds_service.hooks.request import Limits
from cds_service.knowledge.load import KnowledgeBase
from cds_service.settings import Settings

REQUEST_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True, allow_dash=True)
SERVICE = "ivig-order-select"


@dataclass(frozen=True)
class Asked:
    """The body of a call that a file holds; of a golden case also its day, and the folder that it is in."""

    body: bytes
    today: date | None = None
    folder: str = ""

    def service_of(self, knowledge: KnowledgeBase) -> str:
        """Return the id of the service to ask: a case lies in its service's folder."""
        return self.folder if self.folder in knowledge.services else SERVICE


def read_asked(file: Path) -> Asked:
    """Return what a request file or a golden case asks; exits with 1 when a case has problems.

    Raises BadRequest when the file is no JSON object.
    """
    raw = read_request_file(file)
    if not looks_like_case(raw):
        return Asked(raw)
    case, problems = parse_case(raw, file.name)
    if case is None or problems:
        fail(KnowledgeError(problems))
    folder = "" if str(file) == "-" else file.absolute().parent.name
    return Asked(msgspec.json.encode(case.request), case.today, folder)


def limits_of(settings: Settings) -> Limits:
    """Return how much one request may hold."""
    return Limits(settings.max_body_bytes, settings.max_entries)


@contextmanager
def stating_refusals(as_json: bool) -> Iterator[None]:
    """Exit with 3 when the request is refused, and say why: in a sentence, or as the OperationOutcome of the server."""
    try:
        yield
    except RequestError as error:
        click.echo(show_answer(to_outcome(error.code, str(error)), as_json), err=not as_json)
        sys.exit(REFUSED)
