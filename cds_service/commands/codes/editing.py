"""What the commands that edit codes have in common: folders only, the check before, the diff, the writing."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from cds_service.app import real_effects
from cds_service.codes.capitals import in_small_letters
from cds_service.codes.change import Change, write_changes
from cds_service.commands.options import DATE, Command, knowledge_options, settings_of
from cds_service.errors import KnowledgeError
from cds_service.knowledge.load import Sources
from cds_service.knowledge.place import read_place
from cds_service.settings import OWN, SHIPPED, place_of

NOT_HERE = (
    "Say which folders to edit: --plandefinitions, --valuesets; or work in a folder that holds plandefinitions and "
    "valuesets. Else it would be {}."
)


def editing_options(command: Command) -> Command:
    """Give a command the options of every edit: its date, showing it only, and which knowledge is edited."""
    date_option = click.option(
        "--date",
        "given",
        type=DATE,
        metavar="YYYY-MM-DD",
        help="Date of the changed value sets; default: today.",
    )
    dry_run_option = click.option("--dry-run", is_flag=True, help="Show the diff and write nothing.")
    return date_option(dry_run_option(knowledge_options(command)))


class Editing:
    """The folders that a command edits, as they were read; problems in reading them are raised."""

    def __init__(
        self, plandefinitions: Path | None, valuesets: Path | None, bundle: str | None, given: datetime | None
    ) -> None:
        settings = settings_of(plandefinitions, valuesets, bundle)
        if settings.bundle:
            raise click.UsageError("Codes are edited in folders, not in a Bundle: give --plandefinitions, --valuesets.")
        self.folder, self.ca_file = settings.valuesets, settings.ca_file
        if not (valuesets or _is_here(self.folder)):
            raise click.UsageError(NOT_HERE.format(self.folder))
        self.today: date = given.date() if given else real_effects(settings.timezone).today()
        self.sources: Sources = read_place(place_of(settings))
        if self.sources.problems:
            raise KnowledgeError([*self.sources.problems])


def _is_here(folder: Path) -> bool:
    """Return whether a folder is meant without being named: the package is not, even where it is installed here."""
    return folder == OWN.valuesets or (folder != SHIPPED.valuesets and folder.resolve().is_relative_to(Path.cwd()))


def note_small_letters(changes: Sequence[Change], sources: Sources) -> None:
    """Print a note on each new code in small letters whose system is written in capitals elsewhere."""
    for system, code in in_small_letters(changes, sources):
        others = f"all other codes of {system} that have letters are in capitals"
        counts = f"Records with {code.upper()} will not count."
        click.echo(f"Note: {code} is in small letters, and {others}. {counts}", err=True)


def write_all(changes: Sequence[Change], dry_run: bool) -> None:
    """Write changes, unless this is only to be shown, and say so; raises KnowledgeError when they cannot be written."""
    if not dry_run:
        write_changes(changes)
    names = ", ".join(each.written.file for each in changes)
    click.echo(f"{'Not written (dry run)' if dry_run else 'Written'}: {names}", err=True)
