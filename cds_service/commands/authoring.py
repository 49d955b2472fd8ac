"""What only authors need: where it is not installed, a sentence instead of a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from cds_service.commands.options import USAGE
from cds_service.errors import ExtraMissing

EXTRA = frozenset({"rich", "openpyxl", "simple_icd_10_cm"})


@contextmanager
def needing_authoring(without: str = "") -> Iterator[None]:
    """Exit with 2, and say what to install, when a package of the extra 'authoring' is not there.

    `without` is a sentence on what does without it.
    """
    try:
        yield
    except ExtraMissing as error:
        _stop(error.package, without)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in EXTRA:
            raise
        _stop(name, without)


def what_to_install(package: str) -> str:
    """Return the sentences on a package of the extra 'authoring' that is not there."""
    return f"This needs {package.replace('_', '-')}. Install it: pip install 'cds-service[authoring]'."


def _stop(package: str, without: str) -> NoReturn:
    click.echo(f"{what_to_install(package)} {without}".rstrip(), err=True)
    sys.exit(USAGE)
