"""cds-service codes find: where a code or a name is used, and what it fires."""

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click

from cds_service.codes.find import BY_CODE, BY_NAME, Found, Use, find_concepts
from cds_service.codes.role import Role
from cds_service.commands.options import PROBLEMS, knowledge_options, read_or_exit, settings_of

LEGEND = (
    f"{Role.ALONE}: one such record makes the condition true, where actions above allow it and nothing holds it off."
    f"\n{Role.TOGETHER}: it takes more in the record. {Role.AGAINST}: it speaks against."
    f"\n{Role.EXCUSES}: it takes away what would speak against."
)


@click.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_options
def find(text: str, as_json: bool, plandefinitions: Path | None, valuesets: Path | None, bundle: str | None) -> None:
    """Print which value sets hold a code or a name, and what each of them fires.

    TEXT is a code, with or without its dots, or a part of a display or designation. Exact codes come first.
    Exit code 0: found; 1: nothing found, or the knowledge has problems; 2: usage or settings.

    \b
    Examples:
      cds-service codes find A00.1
      cds-service codes find "migraine"
    """
    sources, knowledge = read_or_exit(settings_of(plandefinitions, valuesets, bundle))
    found = find_concepts(text, sources, knowledge)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in found], ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(found)) if found else f"No value set holds {text!r} as a code or in a name.")
    sys.exit(0 if found else PROBLEMS)


def _lines(found: list[Found]) -> Iterator[str]:
    for (how, code), held in groupby(found, key=lambda each: (each.how, each.code)):
        yield f"{code.code}  {code.display}  ({code.system})" + ("" if how in (BY_CODE, BY_NAME) else f"  [{how}]")
        for each in held:
            if len(each.names) > 1:
                yield f"  also: {'; '.join(each.names[1:])}"
            yield f"  in {set_of(each)}"
            yield from uses_of(each)
        yield ""
    yield LEGEND


def set_of(found: Found) -> str:
    """Return the value set that holds a concept, as it is told."""
    return f"{found.value_set} {found.version}, {found.title}"


def uses_of(found: Found) -> list[str]:
    """Return the lines that tell what the actions do that ask about its value set."""
    return [f"    {_told(use)}" for use in found.uses] or ["    no action asks about it"]


def _told(use: Use) -> str:
    roles = f"{', '.join(use.roles)}: " if use.roles else ""
    return f"{roles}{use.plan.id} {use.plan.version}, {use.action.id}: {use.does}"
