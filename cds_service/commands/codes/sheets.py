"""cds-service codes export, import: value sets as one sheet, for people who live in spreadsheets."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from cds_service.codes.change import Change, check_changes
from cds_service.codes.csv_sheet import parse_csv, to_csv
from cds_service.codes.exchange import export_rows, import_table, unnamed
from cds_service.codes.merge import differences
from cds_service.codes.rows import Row
from cds_service.codes.sets import pick_sets, value_sets
from cds_service.codes.table import Table
from cds_service.commands.authoring import needing_authoring
from cds_service.commands.codes.editing import Editing, editing_options, note_small_letters, write_all
from cds_service.commands.codes.release_of_edits import look_up_edits, note_release
from cds_service.commands.options import fail, knowledge_options, read_or_exit, settings_of
from cds_service.errors import KnowledgeError

FILE = click.Path(path_type=Path, dir_okay=False)
SHOWN = 20
CSV_DOES = "A .csv file does without."


@click.command()
@click.argument("names", nargs=-1, metavar="[VALUESET]...")
@click.option("--xlsx", type=FILE, help="Workbook to write.")
@click.option("--csv", "csv_", type=FILE, help="CSV file to write.")
@knowledge_options
def export(
    names: tuple[str, ...],
    xlsx: Path | None,
    csv_: Path | None,
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
) -> None:
    """Write the codes and names of value sets, all or those named by id, as one sheet.

    One row for each name: the display of a code, then its designations. Edit it, and give it to codes import.
    The columns title and version are for reading. In CSV, a cell that does not begin with a letter has an apostrophe
    in front, so that spreadsheet programs leave it alone; import takes it off. No file is overwritten.
    Exit code 0: written; 1: the knowledge has problems, or cannot be written so; 2: usage or settings.

    \b
    Examples:
      cds-service codes export --xlsx codes.xlsx
      cds-service codes export --csv codes.csv my-set my-other-set
    """
    file = xlsx or csv_
    if file is None or (xlsx and csv_):
        raise click.UsageError("Give --xlsx FILE or --csv FILE.")
    sources, _ = read_or_exit(settings_of(plandefinitions, valuesets, bundle))
    try:
        rows = export_rows(pick_sets(sources, names) if names else value_sets(sources).values())
        _write(file, _to_xlsx(rows) if xlsx else to_csv(rows))
    except KnowledgeError as error:
        fail(error)
    click.echo(f"Wrote {file}: {len(rows)} rows of {len({row.value_set for row in rows})} value sets.", err=True)


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask before writing.")
@editing_options
def import_(
    file: Path,
    yes: bool,
    given: datetime | None,
    dry_run: bool,
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
) -> None:
    """Put an edited sheet (.xlsx or .csv of codes export) back into the value sets.

    Shows what is added, removed and changed, then asks. Only value sets that differ are written, with a new version
    and date; a set without rows is left as it is, and named. Of a workbook only the sheet codes is read.
    Rows may stand anywhere: codes and names that are known keep their order, new ones go to the end of their system
    and code, in the order of the sheet. Every cell that cannot be taken is listed with row and reason, and nothing is
    written then, or when the knowledge would have problems.
    Spaces around new names are taken away. A new code in small letters is noted where its system has capitals.
    A new code of ICD-10-CM that the installed release does not have, or calls otherwise, is noted.
    Exit code 0: written, or nothing differs; 1: refused, or answered no; 2: usage or settings.

    \b
    Examples:
      cds-service codes import codes.xlsx
      cds-service codes import --yes codes.csv
    """
    try:
        editing = Editing(plandefinitions, valuesets, bundle, given)
        table = _read(file)
        changes = import_table(table, editing.sources, editing.folder, editing.today)
        _note_unread(table, unnamed(table, editing.sources))
        _show(changes)
        if changes:
            check_changes(editing.sources, changes)
            note_release(look_up_edits(changes))
            note_small_letters(changes, editing.sources)
            if not yes and not dry_run:
                click.confirm(f"Write {len(changes)} file(s)?", abort=True, err=True)
            write_all(changes, dry_run)
    except KnowledgeError as error:
        fail(error)


def _note_unread(table: Table, sets: Sequence[str]) -> None:
    if table.unread:
        click.echo(f"Note: only the sheet {table.sheet} was read, and not: {', '.join(table.unread)}.", err=True)
    if sets:
        which = ", ".join(sets[:SHOWN]) + (f" and {len(sets) - SHOWN} more" if len(sets) > SHOWN else "")
        stays = "what it does not name stays as it is. To delete a value set, delete its file."
        click.echo(f"Note: the sheet has no row of {which}: {stays}", err=True)


def _show(changes: Sequence[Change]) -> None:
    for each in changes:
        click.echo(each.diff)
    for each in changes:
        before, after = each.written.source, each.source
        click.echo(f"{after['id']} {before['version']} -> {after['version']}")
        click.echo("\n".join(differences(before, after)))
    if not changes:
        click.echo("Nothing differs: the sheet says what the value sets say.")


def _read(file: Path) -> Table:
    if file.suffix.casefold() not in (".xlsx", ".csv"):
        raise click.UsageError(f"{file} is no .xlsx or .csv file. Save it as one of them.")
    raw = file.read_bytes()
    return parse_csv(raw, file.name) if file.suffix.casefold() == ".csv" else _parse_xlsx(raw, file.name)


def _to_xlsx(rows: Sequence[Row]) -> bytes:
    with needing_authoring(without=CSV_DOES):
        from cds_service.codes.xlsx_sheet import to_xlsx
    return to_xlsx(rows)


def _parse_xlsx(raw: bytes, name: str) -> Table:
    with needing_authoring(without=CSV_DOES):
        from cds_service.codes.xlsx_sheet import parse_xlsx
    return parse_xlsx(raw, name)


def _write(file: Path, content: bytes) -> None:
    try:
        with file.open("xb") as new:
            new.write(content)
    except FileExistsError:
        raise click.UsageError(f"{file} is there already and is not overwritten. Name another file.") from None
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}.") from None
