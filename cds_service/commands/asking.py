"""What `try` and `explain` have in common: one request from a file, asked without a server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from cds_service.cases.show import show_answer
from cds_service.commands.options import REFUSED
from cds_service.errors import RequestError
from cds_service.hooks.outcome import to_outcome
from cds_service.hooks.request import Limits
from cds_service.settings import Settings

REQUEST_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True, allow_dash=True)


def read_body(file: Path) -> bytes:
    """Return the bytes of a file; '-' is standard input."""
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


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
