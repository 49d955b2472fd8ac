"""cds-service codes validate: whether codes still exist and are called so."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from cds_service.codes.icd10cm import Release, load_installed, load_release
from cds_service.codes.systems import ICD_10_CM
from cds_service.codes.terminology_server import Server
from cds_service.codes.validate import Finding, Held, Kind, Means, Report, held_codes, own_systems
from cds_service.codes.validate import validate as look_up
from cds_service.commands.authoring import needing_authoring
from cds_service.commands.options import PROBLEMS, fail, knowledge_options, settings_of
from cds_service.errors import KnowledgeError, TerminologyError
from cds_service.knowledge.place import read_place
from cds_service.knowledge.read import Artifact
from cds_service.settings import Settings, place_of

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
MEANING: dict[Kind, str] = {
    "unknown": "not in their system",
    "display": "called otherwise by their system",
    "dropped": "dropped by the new release",
    "new": "new beside or below codes of the set, and not in it",
    "category": "categories, not billable (kept on purpose where problem lists hold them)",
}


@click.command(name="validate")
@click.argument("names", metavar="[VALUESET]...", nargs=-1)
@click.option("--server", help="Base address of a FHIR terminology server, for systems other than ICD-10-CM.")
@click.option(
    "--release",
    nargs=2,
    type=FILE,
    metavar="CODES.txt TABULAR.xml",
    help="The CDC's files of another release of ICD-10-CM, compared with the installed one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@knowledge_options
def validate(
    names: tuple[str, ...],
    server: str | None,
    release: tuple[Path, Path] | None,
    as_json: bool,
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
) -> None:
    """Ask of every code of the value sets (default: all) whether it exists, is billable, and is called so.

    ICD-10-CM is looked up in the installed simple-icd-10-cm and in --release: what that drops, and what it
    adds beside and below the codes of a set. Other systems are asked of --server, else counted as unchecked.
    Displays are compared but for case and spacing.

    Exit code 0: all that was looked at is right; 1: a code does not exist or is called otherwise, or the
    server or release cannot be used; 2: usage, settings, or a package that is missing.

    \b
    Examples:
      cds-service codes validate
      cds-service codes validate --release icd10cm-codes-2027.txt icd10cm-tabular-2027.xml
      cds-service codes validate my-value-set --server https://tx.example.org/r4 --json
    """
    settings = settings_of(plandefinitions, valuesets, bundle)
    artifacts = _artifacts(settings)
    held = held_codes(_chosen(artifacts, names))
    place = Server(server, settings.ca_file) if server else None
    try:
        with needing_authoring():
            report = look_up(held, Means(_releases(held, release), own_systems(artifacts), place), _progress)
    except TerminologyError as error:
        click.echo(str(error), err=True)
        sys.exit(PROBLEMS)
    click.echo(json.dumps(to_json(report), indent=2, ensure_ascii=False) if as_json else to_text(report))
    sys.exit(0 if report.is_right else PROBLEMS)


def _artifacts(settings: Settings) -> tuple[Artifact, ...]:
    try:
        sources = read_place(place_of(settings))
    except KnowledgeError as error:
        fail(error)
    if sources.problems:
        fail(KnowledgeError(list(sources.problems)))
    return sources.artifacts


def _chosen(artifacts: tuple[Artifact, ...], names: tuple[str, ...]) -> list[Artifact]:
    sets = {each.id: each for each in artifacts if each.kind == "ValueSet"}
    if unknown := [name for name in names if name not in sets]:
        raise click.UsageError(f"No value set is called {', '.join(unknown)}.")
    return [sets[name] for name in names or sets]


def _releases(held: list[Held], release: tuple[Path, Path] | None) -> list[Release]:
    """Return the releases to look into; none, which takes no time, where no code is of ICD-10-CM."""
    if not any(each.code.system == ICD_10_CM for each in held):
        return []
    return [load_installed(), *([load_release(*release)] if release else [])]


def _progress(done: int, number: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {number} codes asked of the server", err=True, nl=done >= number)


def to_json(report: Report) -> dict[str, object]:
    """Return all that is in a report."""
    return {
        "findings": [{**each._asdict(), "code": each.code._asdict()} for each in report.findings],
        "icd10cm": [{**each._asdict(), "code": each.code._asdict()} for each in report.validity],
        "checked": dict(report.checked),
        "unchecked": {system: {"codes": number, "why": why} for system, (number, why) in report.unchecked.items()},
    }


def to_text(report: Report) -> str:
    """Return the findings by kind, then how many codes of each system were looked at."""
    lines = [line for kind in MEANING for line in _of_kind(report, kind)]
    lines += [f"{number} codes of {system}: checked" for system, number in sorted(report.checked.items())]
    lines += [f"{n} codes of {system}: unchecked, {why}" for system, (n, why) in sorted(report.unchecked.items())]
    years = sorted({year for each in report.validity for year in each.years})
    return "\n".join([*lines, *([f"ICD-10-CM of {' and '.join(years)}."] if years else [])])


def _of_kind(report: Report, kind: Kind) -> Iterable[str]:
    found = [each for each in report.findings if each.kind == kind]
    if not found:
        return
    yield f"{len(found)} {MEANING[kind]}:"
    if kind == "category":
        for value_set in dict.fromkeys(each.value_set for each in found):
            yield f"  {value_set}: {', '.join(each.code.code for each in found if each.value_set == value_set)}"
    else:
        yield from map(_line, found)
    yield ""


def _line(found: Finding) -> str:
    said = f" ({found.said}; {found.source})" if found.said != found.code.display else f" ({found.source})"
    return f"  {found.value_set}: {found.code.code} {found.code.display}{said}"
