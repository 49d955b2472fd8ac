"""cds-service try: one request, evaluated without a server."""

import json
from pathlib import Path

import click

from cds_service.app import real_effects
from cds_service.cases.show import show_answer
from cds_service.commands.asking import REQUEST_FILE, SERVICE, limits_of, stating_refusals
from cds_service.commands.options import knowledge_options, read_or_exit, settings_of
from cds_service.commands.request_file import read_request_file
from cds_service.hooks.answer import answer, find_service


@click.command(name="try")
@click.argument("file", type=REQUEST_FILE)
@click.option("--service", default=SERVICE, show_default=True, help="Service id.")
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
    with stating_refusals(as_json):
        found, body = find_service(knowledge, service), read_request_file(file)
        answered = answer(knowledge, found, body, effects.today(), effects.new_uuid, limits_of(settings))
    click.echo(show_answer(json.loads(answered.to_json()), as_json))
