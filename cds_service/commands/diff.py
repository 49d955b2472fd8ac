"""cds-service diff: what another version of the knowledge changes, for clinical sign-off."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import click

from cds_service.app import real_effects
from cds_service.changes.artifacts import compare_artifacts
from cds_service.changes.as_json import to_json
from cds_service.changes.behaviour import compare_answers, compare_services
from cds_service.changes.exercise import find_unexercised
from cds_service.changes.markdown import to_markdown
from cds_service.changes.page import to_page
from cds_service.changes.questions import Question, Unread, case_questions, read_requests
from cds_service.changes.sheet import Sheet, failing_cases, to_sheet
from cds_service.changes.sides import Side, read_side
from cds_service.commands.authoring import needing_authoring
from cds_service.commands.options import DATE, FOLDER, PROBLEMS, USAGE
from cds_service.errors import KnowledgeError, SettingsError, SideError
from cds_service.settings import read_settings

OTHERWISE = 3
Item = TypeVar("Item")
EXISTING = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--cases", type=FOLDER, help="Folder of golden cases; default: tests/cases or cases beside each side.")
@click.option("--requests", type=EXISTING, help="Folder of CDS Hooks requests, one a .json file, to ask as well.")
@click.option("--today", type=DATE, metavar="YYYY-MM-DD", help="Day of these requests.")
@click.option("--markdown", is_flag=True, help="Print Markdown for a pull request: as much as fits into a comment.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff(
    old: str,
    new: str,
    cases: Path | None,
    requests: Path | None,
    today: datetime | None,
    markdown: bool,
    as_json: bool,
) -> None:
    """Say what changes from OLD to NEW: the sheet that a clinician signs before NEW is served.

    Each side is a folder that holds plandefinitions/ and valuesets/, or a Bundle file, or a revision of
    the git repository of the current folder (REV, or REV:folder from its top). Both are checked first. Then come codes,
    stances, conditions and wording in words, and what every golden case and request is answered on
    both sides, and which changes no case exercises. Of requests only the file name is printed, never what is
    known of a patient.

    Exit code 0: every answer is the same; 1: a side has problems, or a request could not be asked, whether answers
    differ or not; 2: usage, settings or no such side; 3: answers differ, or NEW does not meet a
    golden case of its own.

    \b
    Examples:
      cds-service diff HEAD .
      cds-service diff v1.2 HEAD:knowledge --markdown > sheet.md
      cds-service diff served.json . --cases tests/cases --requests recorded --today 2026-11-22
    """
    if markdown and as_json:
        raise click.UsageError("Give --markdown or --json, not both.")
    show = _show_markdown if markdown else _show_json if as_json else _tables_or_exit()
    asked, unread = _requests(requests, today)
    before, after = _sides_or_exit(old, new, cases)
    sheet = _compare(before, after, asked, unread)
    show(sheet)
    sys.exit(_exit_code(sheet))


def _exit_code(sheet: Sheet) -> int:
    """Return 1 where not all could be asked: a workflow that lets answers differ (3) must not pass over it."""
    return PROBLEMS if sheet.unread else OTHERWISE if sheet.behaves_otherwise else 0


def _show_markdown(sheet: Sheet) -> None:
    click.echo(to_markdown(to_page(sheet)), nl=False)


def _show_json(sheet: Sheet) -> None:
    click.echo(to_json(sheet))


def _tables_or_exit() -> Callable[[Sheet], None]:
    """Return what prints the tables; exits with 2 where rich is not installed."""
    with needing_authoring(without="--markdown and --json do without."):
        from cds_service.commands.diff_tables import print_page
    return lambda sheet: print_page(to_page(sheet))


def _requests(folder: Path | None, day: datetime | None) -> tuple[list[Question], list[Unread]]:
    """Return the requests of a folder, for a day, by default for today where the settings say that we are."""
    if folder is None:
        return [], []
    try:
        return read_requests(folder, day.date() if day else real_effects(read_settings().timezone).today())
    except SettingsError as error:
        click.echo(f"Settings: {error}", err=True)
        sys.exit(USAGE)


def _sides_or_exit(old: str, new: str, cases: Path | None) -> list[Side]:
    """Return both sides; exits with 1 when one has problems, and prints those of both, and with 2 without a side."""
    sides, problems = [], []
    for label, name in _progress([("OLD", old), ("NEW", new)], "Checking both sides"):
        try:
            with TemporaryDirectory(prefix="cds-service-") as spare:
                sides.append(read_side(name, cases, Path(spare)))
        except KnowledgeError as error:
            problems += [f"{label} ({name}): {each}" for each in error.problems]
        except SideError as error:
            raise click.UsageError(f"{label}: {error}") from None
    if problems:
        click.echo("\n".join([*problems, f"{len(problems)} problem(s)."]), err=True)
        sys.exit(PROBLEMS)
    return sides


def _compare(old: Side, new: Side, asked: list[Question], unread: list[Unread]) -> Sheet:
    changes = compare_artifacts(old.sources, new.sources)
    if old.knowledge.digest == new.knowledge.digest:
        failing = failing_cases(new.knowledge, new.cases)
        return Sheet(old.name, new.name, tuple(changes), failing=tuple(failing), unread=tuple(unread), is_same=True)
    questions = [*case_questions(old.cases, new.cases), *asked]
    compared = compare_answers(old.knowledge, new.knowledge, _progress(questions, "Asking both sides"))
    failing = failing_cases(new.knowledge, new.cases)
    services = compare_services(old.knowledge, new.knowledge)
    exercise = find_unexercised(old, new, changes, compared)
    return to_sheet(old.name, new.name, changes, services, compared, failing, unread, exercise)


def _progress(items: list[Item], label: str) -> Iterator[Item]:
    """Return the items, and show on a terminal how many of them are done."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, label=label, file=sys.stderr) as shown:
        yield from shown
