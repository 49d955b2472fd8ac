"""How a command fails: one sentence on standard error and an exit code, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cds_service.errors import SettingsError, StoreError

FAILED, USAGE = 1, 2


@contextmanager
def stating_failures() -> Iterator[None]:
    """Exit with 1 when the store cannot be used, with 2 when a setting cannot work, and say why."""
    try:
        yield
    except SettingsError as error:
        click.echo(f"Settings: {error}", err=True)
        sys.exit(USAGE)
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(FAILED)
