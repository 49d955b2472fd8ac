"""cds-service db: the tables of the store."""

import sys

import click

from cds_service.commands.failing import FAILED, stating_failures
from cds_service.settings import read_settings
from cds_service.store.engine import make_engine, read_url, shown
from cds_service.store.schema import START_S, is_current, upgrade
from cds_service.store.store import OK, SCHEMA_MISSING


@click.group()
def db() -> None:
    """Set up the store that CDS_DATABASE_URL names, and look at it.

    \b
    Examples:
      cds-service db upgrade
      cds-service db state
    """


@db.command(name="upgrade")
def upgrade_() -> None:
    """Bring the tables of the store up to date. Changes nothing when they are.

    Exit code 0: up to date; 1: the store cannot be used; 2: usage or settings.

    \b
    Example:
      CDS_DATABASE_URL=postgresql://cds@db.example.org/cds cds-service db upgrade
    """
    with stating_failures():
        url = read_url(read_settings().database_url)
        upgrade(url)
        click.echo(f"Up to date: {shown(url)}")


@db.command()
def state() -> None:
    """Print whether the store can be used: ok or schema-missing.

    Exit code 0: ok; 1: its tables are missing, or it cannot be used; 2: usage or settings.

    \b
    Example:
      cds-service db state
    """
    with stating_failures():
        url = read_url(read_settings().database_url)
        engine = make_engine(url, START_S)
        try:
            found = OK if is_current(engine) else SCHEMA_MISSING
        finally:
            engine.dispose()
        click.echo(f"{found}: {shown(url)}")
    sys.exit(0 if found == OK else FAILED)
