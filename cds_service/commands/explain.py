"""cds-service explain: why a request is answered as it is."""

import json
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import click

from cds_service.app import real_effects
from cds_service.commands.asking import REQUEST_FILE, SERVICE, limits_of, read_asked, stating_refusals
from cds_service.commands.authoring import needing_authoring
from cds_service.commands.options import DATE, knowledge_options, read_or_exit, settings_of
from cds_service.hooks.answer import find_service
from cds_service.hooks.explain import Explanation, explain


@click.command(name="explain")
@click.argument("file", type=REQUEST_FILE)
@click.option("--service", help=f"Service id; default: the one whose folder a case is in, else {SERVICE}.")
@click.option("--today", type=DATE, metavar="YYYY-MM-DD", help="Day of the call; default: that of a case, else today.")
@click.option("--only", multiple=True, metavar="KEY", help="A disorder, risk, notice, plan or action; repeatable.")
@click.option("--all", "everything", is_flag=True, help="Every action in the order of the plans, with the groups.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole explanation as JSON.")
@knowledge_options
def explain_(
    file: Path,
    service: str | None,
    today: datetime | None,
    only: tuple[str, ...],
    everything: bool,
    as_json: bool,
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
) -> None:
    """Say of each recommendation and risk why a request FILE makes it fire or not ('-' reads standard input).

    FILE may be a golden case: its request is explained, on its day; what it expects is not compared.
    Names the condition part that decided, the records it was held against, and value sets with their
    versions. --only shows every part of what it names.

    Exit code 0: explained; 1: the knowledge or the case has problems; 2: usage or settings; 3: the request was refused.

    \b
    Example:
      cds-service explain request.json
      cds-service explain --today 2026-11-22 request.json
      cds-service explain tests/cases/my-service/who-what-outcome.json
      cds-service explain --only recommend --json request.json
    """
    settings = settings_of(plandefinitions, valuesets, bundle)
    _, knowledge = read_or_exit(settings)
    with stating_refusals(as_json):
        asked = read_asked(file)
    day = today.date() if today else asked.today or real_effects(settings.timezone).today()
    with stating_refusals(as_json):
        found = find_service(knowledge, service or asked.service_of(knowledge))
        explained = explain(knowledge, found, asked.body, day, limits_of(settings))
    _refuse_unknown(explained, only)
    if as_json:
        click.echo(json.dumps(explained.to_json(only), indent=2, ensure_ascii=False))
    else:
        with needing_authoring(without="--json does without."):
            from cds_service.commands.explain_tree import print_explanation
        print_explanation(explained, only, everything)


def _refuse_unknown(explained: Explanation, only: tuple[str, ...]) -> None:
    ours = [order for order in explained.orders if order.facts]
    known = {name for order in ours for step in order.walk() for name in step.names}
    for each in only if ours else ():
        if each not in known:
            close = get_close_matches(each, sorted(known), 3)
            hint = f"Did you mean {', '.join(close)}?" if close else "--all lists what there is."
            raise click.UsageError(f"Nothing is called {each}. {hint}")
