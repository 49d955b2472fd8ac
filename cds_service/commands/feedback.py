"""cds-service feedback: what clinicians did with the cards."""

from datetime import UTC, datetime

import click

from cds_service.commands.failing import stating_failures
from cds_service.feedback.report import to_csv, to_lines, to_table
from cds_service.settings import read_settings
from cds_service.store.counts import read_counts


@click.group()
def feedback() -> None:
    """Look at what clients reported of the cards.

    \b
    Example:
      cds-service feedback report
    """


@feedback.command()
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Leave out what was issued or received before that day, UTC.",
)
@click.option("--service", help="Only cards of the service with this id.")
def report(as_csv: bool, since: datetime | None, service: str | None) -> None:
    """Print acceptance and override rates of each recommendation and plan version.

    Rates are shares of the cards that were reported on, with 95% Wilson score intervals.
    Exit code 0: printed; 1: the store cannot be used; 2: usage or settings.

    \b
    Example:
      cds-service feedback report --since 2026-01-01
      cds-service feedback report --csv > feedback.csv
    """
    with stating_failures():
        begin = since.replace(tzinfo=UTC).timestamp() if since else None
        lines = to_lines(read_counts(read_settings().database_url, begin, service))
        click.echo(to_csv(lines) if as_csv else to_table(lines), nl=False)
