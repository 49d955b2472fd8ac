"""What several commands have in common: which knowledge they are about, and how problems in it are told."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from cds_service.cases.read import Case, read_cases
from cds_service.errors import KnowledgeError, Problem, SettingsError
from cds_service.knowledge.load import KnowledgeBase, Sources, build_knowledge
from cds_service.knowledge.place import read_place
from cds_service.settings import OWN, SHIPPED, Settings, place_of, read_settings, with_own_place

PROBLEMS, USAGE, REFUSED = 1, 2, 3
FOLDER = click.Path(path_type=Path, file_okay=False)
DATE = click.DateTime(["%Y-%m-%d"])
HERE = "Default: a setting, else ./plandefinitions and ./valuesets where both are here, else those of the package."
PACKAGE = "Default: a setting, else those of the package, wherever it is started."
CASES = Path("tests/cases")
Command = TypeVar("Command", bound=Callable[..., Any])


def knowledge_options(command: Command, default: str = HERE) -> Command:
    """Give a command the options that say which knowledge it is about; they override the settings."""
    for option in (
        click.option("--bundle", help="File or http(s) address of a Bundle, instead of the folders."),
        click.option("--valuesets", type=FOLDER, help="Folder of ValueSets and CodeSystems."),
        click.option("--plandefinitions", type=FOLDER, help=f"Folder of PlanDefinitions. {default}"),
    ):
        command = option(command)
    return command


def served_options(command: Command) -> Command:
    """Give a server the same options."""
    return knowledge_options(command, PACKAGE)


def settings_of(plandefinitions: Path | None, valuesets: Path | None, bundle: str | None) -> Settings:
    """Return the settings with the knowledge that a command is about; exits with 2 when they cannot work.

    That is what the options name, else the settings, else the folders that the current folder holds, else the package.
    """
    return with_own_place(served_settings(plandefinitions, valuesets, bundle))


def served_settings(plandefinitions: Path | None, valuesets: Path | None, bundle: str | None) -> Settings:
    """Return the same for a server, to which the current folder is no reason to serve it."""
    if bundle and (plandefinitions or valuesets):
        raise click.UsageError("Give --bundle, or the two folders.")
    try:
        settings = read_settings(plandefinitions=plandefinitions, valuesets=valuesets, bundle=bundle)
    except SettingsError as error:
        click.echo(f"Settings: {error}", err=True)
        sys.exit(USAGE)
    return settings.model_copy(update={"bundle": None}) if plandefinitions or valuesets else settings


def read_or_exit(settings: Settings, others: Iterable[Problem] = ()) -> tuple[Sources, KnowledgeBase]:
    """Return the artifacts and the knowledge they make; prints all problems and exits with 1 when there are any.

    `others` are problems found elsewhere, told along with those of the knowledge.
    """
    try:
        sources = read_place(place_of(settings))
        return sources, build_knowledge(sources)
    except KnowledgeError as error:
        fail(KnowledgeError([*error.problems, *others]))


def told_place(settings: Settings) -> str:
    """Return the words that say where the knowledge is: in a place, or of the package."""
    place = place_of(settings)
    is_shipped = place.is_same(SHIPPED) and place.name != OWN.name
    return "of the package" if is_shipped else f"in {place.name}"


def cases_folder(folder: Path | None) -> Path:
    """Return the folder of golden cases that was named, or else tests/cases; exits with 2 when that is not there."""
    if folder is None and not CASES.is_dir():
        raise click.UsageError(f"Give --cases: there is no folder {CASES} here.")
    return folder or CASES


def cases_or_exit(folder: Path | None) -> dict[str, Case]:
    """Return the golden cases of a folder by 'service/name'; prints all problems of theirs and exits with 1."""
    golden, problems = read_cases(cases_folder(folder))
    if problems:
        fail(KnowledgeError(problems))
    return golden


def fail(error: KnowledgeError) -> NoReturn:
    """Print every problem and their number, and exit with 1."""
    click.echo(str(error), err=True)
    click.echo(f"{len(error.problems)} problem(s).", err=True)
    sys.exit(PROBLEMS)
