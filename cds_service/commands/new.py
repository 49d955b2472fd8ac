"""cds-service new: files to start from, with every blank marked."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from cds_service.app import real_effects
from cds_service.commands.options import USAGE
from cds_service.core.hook import HOOKS
from cds_service.errors import ScaffoldError
from cds_service.knowledge.blanks import BLANK
from cds_service.scaffold.guideline import FOLDERS, Guideline, NewFile, to_files

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def new() -> None:
    """Write files to start new knowledge from.

    \b
    Example:
      cds-service new guideline --help
    """


@new.command()
@click.argument("name")
@click.option("--disorder", required=True, help="Short name of the first disorder, such as example-rash.")
@click.option("--base", required=True, help="Your own address, with which your plans and value sets begin.")
@click.option("--into", "folder", default=".", show_default=True, type=FOLDER, help="Folder to write to.")
@click.option(
    "--hook",
    "hooks",
    multiple=True,
    default=("order-select",),
    show_default=True,
    type=click.Choice([*HOOKS]),
    help="Hook of the service; once for each.",
)
@click.option("--title", help="Title of the service.")
@click.option("--statement", help="Name of the statement, as cards show it.")
@click.option("--label", help="Short key of the statement, such as society-2026.")
@click.option("--citation", help="Full citation of the statement.")
@click.option("--url", help="Address of the statement, such as its DOI.")
def guideline(name: str, disorder: str, base: str, folder: Path, hooks: tuple[str, ...], **options: str | None) -> None:
    """Write the plans, value sets and cases of a new guideline called NAME, for one disorder.

    NAME begins the file names and the ids: small letters, digits and hyphens. What the options do not say, and what
    only a clinician can say, is a blank in the files, marked TO-FILL with what belongs there. The check lists
    the blanks, and refuses the files until all are filled. Files that guidelines share, such as the stances, are left
    as they are when they are there. Addresses of extensions, and of the code systems of disorders, stances, notices
    and override reasons, are those of this program, whatever your base is.
    Exit code 0: written; 2: a name cannot be used, a file is there already, or the folder cannot be written.

    \b
    Example:
      cds-service new guideline lotion --disorder example-rash --base https://hospital.example.org/fhir
    """
    given = {key: text for key, text in options.items() if text}
    today = real_effects(None).today().isoformat()
    try:
        made = to_files(Guideline(name, disorder, base, tuple(dict.fromkeys(hooks)), today, given))
        kept = _kept(folder, made)
        written = [each for each in made if each not in kept]
        _write(folder, written)
    except ScaffoldError as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{folder} cannot be written: {error.strerror}.")
    click.echo("\n".join(_told(folder, written, kept, disorder)))


def _kept(folder: Path, made: list[NewFile]) -> list[NewFile]:
    """Return the shared files that are there already; raises ScaffoldError when one of the guideline's own is."""
    there = [each for each in made if _is_there(folder, each)]
    if own := [str(folder / each.path) for each in there if not each.is_shared]:
        found = "".join(f"\n  {each}" for each in own)
        raise ScaffoldError(f"There already, and not overwritten:{found}\nChoose another name, or another folder.")
    return there


def _is_there(folder: Path, file: NewFile) -> bool:
    """Return whether a file of that name is in the folder or, as knowledge is read, in one of its subfolders."""
    return any((folder / file.path.parent).rglob(file.path.name))


def _write(folder: Path, written: list[NewFile]) -> None:
    for each in written:
        path = folder / each.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(each.text, encoding="utf-8")


def _told(folder: Path, written: list[NewFile], kept: list[NewFile], disorder: str) -> list[str]:
    places = " ".join(f"--{each} {folder / each}" for each in FOLDERS)
    blanks = sum(each.text.count(BLANK) for each in written)
    lines = [f"Wrote {folder / each.path}" for each in written]
    lines += [f"Left as it was: {folder / each.path}" for each in kept]
    if any(each.path.stem == "codesystem-disorder" for each in kept):
        lines.append(f"Add the code {disorder} to the code system of disorders.")
    lines.append(f"{blanks} blanks are marked {BLANK}; the same words ask for the same text. To list them:")
    return [*lines, f"cds-service check {places}"]


def _refuse(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(USAGE)
