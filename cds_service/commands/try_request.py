"""cds-service try: one request, evaluated without a server."""

import json
import sys
from pathlib import Path

import click

from cds_service.app import real_effects
from cds_service.cases.show import show_answer
from cds_service.commands.options import REFUSED, knowledge_options, read_or_exit, settings_of
from cds_service.errors import RequestError
from cds_service.hooks.answer import answer, find_service
from cds_service.hooks.outcome import to_outcome
from cds_service.hooks.request import Limits


@click.command(name="try")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--service", default="ivig-order-select", show_default=True, help="Service id.")
@click.option("--json", "as_json", is_flag=True, help="Print the raw CDS Hooks answer.")
@knowledge_options
def try_(
    file: Path, service: str, as_json: bool, plandefinitions: Path | None, valuesets: Path | None, bundle: str | None
) -> None:
    """Evaluate a request FILE without a server and print the cards ('-' reads standard input).

    Exit code 0: answered; 1: the knowledge has problems; 2: usage or settings; 3: the request was refused.

    \b
    Example:
      cds-service try request.json
      cds-service try --json request.json
    """
    settings = settings_of(plandefinitions, valuesets, bundle)
    _, knowledge = read_or_exit(settings)
    effects = real_effects(settings.timezone)
    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    limits = Limits(settings.max_body_bytes, settings.max_entries)
    try:
        found = find_service(knowledge, service)
        answered = answer(knowledge, found, body, effects.today(), effects.new_uuid, limits)
    except RequestError as error:
        refusal = to_outcome(error.code, str(error))
        click.echo(show_answer(refusal, as_json), err=not as_json)
        sys.exit(REFUSED)
    click.echo(show_answer(json.loads(answered.to_json()), as_json))
