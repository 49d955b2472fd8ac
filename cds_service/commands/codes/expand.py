"""cds-service codes expand: stored expansions of the value sets that are described by filters."""

import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click

from cds_service.codes.change import Change, check_changes
from cds_service.codes.expand import Expanded, Means, intensional
from cds_service.codes.expand import expand as expand_set
from cds_service.codes.icd10cm import load_installed
from cds_service.codes.sets import open_set
from cds_service.codes.terminology_server import Server
from cds_service.commands.authoring import needing_authoring
from cds_service.commands.codes.editing import Editing, editing_options, write_all
from cds_service.commands.options import PROBLEMS, fail
from cds_service.core.coding import Code
from cds_service.errors import KnowledgeError, TerminologyError
from cds_service.knowledge.load import Sources
from cds_service.knowledge.read import Artifact

SHOWN = 20


@click.command(name="expand")
@click.argument("names", metavar="[VALUESET]...", nargs=-1)
@click.option("--server", help="Base address of a FHIR terminology server, for systems other than ICD-10-CM.")
@editing_options
def expand(
    names: tuple[str, ...],
    server: str | None,
    given: datetime | None,
    dry_run: bool,
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
) -> None:
    """Expand value sets that are described by filters, and store the codes in their files.

    Without a VALUESET (its id), all of them. ICD-10-CM is-a and descendent-of come from the installed
    simple-icd-10-cm: the code and all below it, billable or not. Every other filter needs --server. What that sends
    is refused when it is not all, or holds a code of a system that no filter names.
    Nothing is written unless the whole knowledge passes the check; a set that has not changed stays as it is.

    Exit code 0: stored, or nothing to do; 1: a problem; 2: usage, settings, or a package that is missing.

    \b
    Examples:
      cds-service codes expand --dry-run
      cds-service codes expand my-value-set --server https://tx.example.org/r4
    """
    try:
        editing = Editing(plandefinitions, valuesets, bundle, given)
        place = Server(server, editing.ca_file) if server else None
        with needing_authoring():
            found = [_expanded(each, place, editing.today) for each in _chosen(editing.sources, names)]
        new = [each for each in found if each.is_changed]
        changes = [Change(open_set(editing.folder, each.artifact), each.artifact.source) for each in new]
        check_changes(editing.sources, changes)
        for each in found:
            show(each)
        if changes:
            write_all(changes, dry_run)
    except KnowledgeError as error:
        fail(error)
    except TerminologyError as error:
        click.echo(str(error), err=True)
        sys.exit(PROBLEMS)


def _chosen(sources: Sources, names: tuple[str, ...]) -> list[Artifact]:
    sets = {each.id: each for each in intensional(sources.artifacts)}
    if unknown := [name for name in names if name not in sets]:
        raise click.UsageError(f"No value set described by a filter is called {', '.join(unknown)}.")
    if not sets:
        click.echo("No value set is described by a filter.")
    return [sets[name] for name in names or sets]


def _expanded(artifact: Artifact, server: Server | None, today: date) -> Expanded:
    def progress(came: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{artifact.id}: {came} of {total} codes", err=True, nl=came >= total)

    try:
        return expand_set(artifact, Means(today, load_installed, server, progress))
    except TerminologyError as error:
        raise TerminologyError(f"{artifact.file}: {error}") from None


def show(found: Expanded) -> None:
    """Print what an expansion changes, the first codes of each kind by name."""
    source = found.artifact.source
    if not found.is_changed:
        click.echo(f"{found.artifact.id}: unchanged, {source['expansion']['total']} codes.")
        return
    click.echo(f"{found.artifact.id}: version {source['version']}, {source['expansion']['total']} codes.")
    systems = {each["system"] for each in source["expansion"]["contains"]} | {each.system for each in found.removed}
    renamed = [new._replace(display=f"{old.display} -> {new.display}") for old, new in found.renamed]
    for sign, codes in (("+", found.added), ("-", found.removed), ("~", renamed)):
        _list(sign, codes, is_of_several=len(systems) > 1)
    if found.inactive:
        click.echo(f"  {found.inactive} of them inactive in their system; kept, as old records hold them.")


def _list(sign: str, codes: Sequence[Code], *, is_of_several: bool) -> None:
    for code in codes[:SHOWN]:
        click.echo(f"  {sign} {code.code}  {code.display}{f'  ({code.system})' if is_of_several else ''}")
    if len(codes) > SHOWN:
        click.echo(f"  {sign} and {len(codes) - SHOWN} more")
