"""What only authors need: where it is not installed, a sentence instead of a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cds_service.commands.options import USAGE

EXTRA = frozenset({"rich", "openpyxl", "simple_icd_10_cm"})


@contextmanager
def needing_authoring() -> Iterator[None]:
    """Exit with 2, and say what to install, when a package of the extra 'authoring' is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in EXTRA:
            raise
        click.echo(f"This needs {name}. Install it: pip install 'cds-service[authoring]'.", err=True)
        sys.exit(USAGE)
