"""cds-service codes add, remove: one concept more or fewer in one value set."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from pathlib import Path
from shlex import quote
from typing import Any

import click

from cds_service.codes.change import Change, check_changes
from cds_service.codes.edit import Source, renewed, with_concept, without_concept
from cds_service.codes.elsewhere import Elsewhere, find_elsewhere
from cds_service.codes.find import BY_CODE
from cds_service.codes.sets import open_set, pick_sets
from cds_service.codes.systems import Systems, systems_of
from cds_service.commands.codes.editing import Editing, editing_options, note_small_letters, write_all
from cds_service.commands.codes.find import set_of, uses_of
from cds_service.commands.codes.release_of_edits import look_up_edits, note_release, refuse_unlisted
from cds_service.commands.options import fail
from cds_service.errors import KnowledgeError

Edit = Callable[[str, Source, Systems], Source]
value_set_argument = click.argument("value_set", metavar="VALUESET")


def edits_one_set(command: Callable[..., Edit]) -> Callable[..., None]:
    """Let a command only return its edit of VALUESET: its last options, the check and the writing are those of all."""

    @editing_options
    @wraps(command)
    def run(
        value_set: str,
        given: datetime | None,
        dry_run: bool,
        plandefinitions: Path | None,
        valuesets: Path | None,
        bundle: str | None,
        may_be_unlisted: bool = False,
        **own: Any,
    ) -> None:
        edit = command(**own)
        try:
            editing = Editing(plandefinitions, valuesets, bundle, given)
            _edit(editing, value_set, edit, dry_run=dry_run, may_be_unlisted=may_be_unlisted)
        except KnowledgeError as error:
            fail(error)

    return run


def _edit(editing: Editing, value_set: str, edit: Edit, *, dry_run: bool, may_be_unlisted: bool) -> None:
    (artifact,) = pick_sets(editing.sources, [value_set])
    written = open_set(editing.folder, artifact)
    edited = edit(written.file, written.source, systems_of(editing.sources.terms))
    change = Change(written, renewed(written.file, edited, editing.today))
    after = check_changes(editing.sources, [change])
    findings = look_up_edits([change])
    if not may_be_unlisted:
        refuse_unlisted(findings)
    click.echo(change.diff)
    note_release(findings)
    note_small_letters([change], editing.sources)
    for each in find_elsewhere(change, editing.sources, after):
        click.echo("\n".join(_note(each)), err=True)
    write_all([change], dry_run)


def _note(shared: Elsewhere) -> Iterator[str]:
    is_code = shared.how == BY_CODE
    what = f"code {shared.text}" if is_code else f"name {shared.text!r}"
    record = "with it" if is_code else "that has only this name"
    yield f"Note: the {what} is in use already; a record {record} will count here and there."
    for each in shared.found:
        yield f"  in {set_of(each)}, as {each.code.code}  {each.code.display}"
        yield from uses_of(each)
    yield f"  More: cds-service codes find {quote(shared.text)}"


@click.command()
@value_set_argument
@click.option("--system", required=True, help="System of the code: its URI or a short name, such as snomed-ct.")
@click.option("--code", required=True, help="The code.")
@click.option("--display", required=True, help="Its display in that system.")
@click.option("--designation", "designations", multiple=True, help="Another name; may be given several times.")
@click.option("--language", help="Language of the designations, such as en.")
@click.option("--unlisted", "may_be_unlisted", is_flag=True, help="Add a code that the installed release has not.")
@edits_one_set
def add(system: str, code: str, display: str, designations: tuple[str, ...], language: str | None) -> Edit:
    """Add a code to the value set with the id VALUESET, and print the diff.

    It goes to the end of the codes of its system. The last number of the set's version is counted up and its date
    is today's; the rest of the file keeps every byte. Nothing is written when the knowledge would have problems.
    Where another value set has the code or one of the names, a note says which, and what it fires there: a record may
    then count in both. That is refused only where both fire alone, one for and one against.
    A code of ICD-10-CM is looked up in the installed simple-icd-10-cm: one that it does not have is refused, unless
    --unlisted says that another release has it, and another display is noted. Without that package a note says so.
    Spaces around names are taken away. A code in small letters is noted where its system has capitals.
    Exit code 0: written; 1: refused, with all reasons; 2: usage or settings.

    \b
    Example:
      cds-service codes add my-set --system icd-10-cm --code A00.1 --display "Display of the code" \\
        --designation "Another name" --language en
    """
    if language is not None and not designations:
        raise click.UsageError("--language is that of designations: give --designation as well, or leave it out.")
    concept: Source = {"code": code, "display": display}
    if designations:
        more = {} if language is None else {"language": language}
        concept["designation"] = [{"value": each, **more} for each in designations]
    return lambda file, source, systems: with_concept(file, source, system, concept, systems)


@click.command()
@value_set_argument
@click.argument("code")
@click.option("--system", help="System of the code, where several of the set have it.")
@edits_one_set
def remove(code: str, system: str | None) -> Edit:
    """Remove CODE from the value set with the id VALUESET, and print the diff.

    Version, date and the rest of the file are as with add.
    Exit code 0: written; 1: refused, with all reasons; 2: usage or settings.

    \b
    Example:
      cds-service codes remove my-set A00.1
    """
    return lambda file, source, systems: without_concept(file, source, system, code, systems)
