"""cds-service bundle: all artifacts in one FHIR Bundle."""

from pathlib import Path
from typing import IO, Literal

import click

from cds_service.commands.options import knowledge_options, read_or_exit, settings_of
from cds_service.knowledge.bundle import to_bundle

OUTPUT = click.File("wb", lazy=True, atomic=True)  # whole or not at all: a server may watch it
TYPE = click.Choice(["collection", "transaction"])


@click.command()
@click.option("--type", "kind", type=TYPE, default="collection", show_default=True)
@click.option("-o", "--output", type=OUTPUT, default="-", help="File to write; default: standard output.")
@knowledge_options
def bundle(
    kind: Literal["collection", "transaction"],
    output: IO[bytes],
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
) -> None:
    """Write one FHIR Bundle of all plans, value sets, code systems and naming systems, once they pass the check.

    The same artifacts make the same bytes. A collection can be served and checked with --bundle; a
    transaction puts each resource to its id when it is posted to a FHIR server.
    Exit code 0: written; 1: the knowledge has problems, or the file cannot be written; 2: usage or settings.

    \b
    Examples:
      cds-service bundle -o knowledge.json
      cds-service serve --bundle knowledge.json
      cds-service bundle --type transaction | curl -H 'Content-Type: application/fhir+json' -d @- https://fhir.example.org
    """
    sources, _ = read_or_exit(settings_of(plandefinitions, valuesets, bundle))
    output.write(to_bundle(sources.artifacts, kind))
