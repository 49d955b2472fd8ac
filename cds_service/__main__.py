"""The command line: serve, check, try; and the groups of commands/."""

import json
import sys
from pathlib import Path

import click
from flask import Flask

from cds_service import __version__
from cds_service.app import Connections, create_app, freeze, real_effects
from cds_service.cases.read import read_cases
from cds_service.cases.run import check_cases
from cds_service.cases.show import show_answer
from cds_service.commands.db import db
from cds_service.commands.feedback import feedback
from cds_service.commands.keys import keys
from cds_service.errors import KnowledgeError, RequestError, SettingsError
from cds_service.hooks.answer import answer, find_service
from cds_service.hooks.outcome import to_outcome
from cds_service.hooks.request import Limits
from cds_service.hooks.server import Serving, Watch, run_server
from cds_service.knowledge.load import KnowledgeBase, load_knowledge
from cds_service.operations.metrics import Metrics, shared_folder
from cds_service.settings import Settings, for_host, read_settings, share_metrics

FOLDER = click.Path(path_type=Path, file_okay=False)
plandefinitions_option = click.option("--plandefinitions", type=FOLDER, help="Folder of PlanDefinitions.")
valuesets_option = click.option("--valuesets", type=FOLDER, help="Folder of ValueSets and CodeSystems.")
USAGE, PROBLEMS, REFUSED = 2, 1, 3
STORE_HELP = "CDS_DATABASE_URL names it; 'cds-service db upgrade' makes its tables."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cds-service")
def main() -> None:
    """CDS Hooks advice on immunoglobulin orders, from consensus statements kept as FHIR PlanDefinitions.

    \b
    Examples:
      cds-service serve --port 8000
      cds-service try request.json
      cds-service check --cases tests/cases
    """


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to bind.")
@click.option("--workers", default=None, type=click.IntRange(1, 64), help="Worker processes; default: one a core.")
@plandefinitions_option
@valuesets_option
def serve(host: str, port: int, workers: int | None, plandefinitions: Path | None, valuesets: Path | None) -> None:
    """Serve CDS Hooks in the foreground until interrupted.

    Refuses to start when the knowledge has problems or the port is taken (exit code 1), or a setting
    cannot work (2): an address that other machines reach needs CDS_CLIENTS_FILE and CDS_PUBLIC_URL, or
    CDS_AUTH=off.

    \b
    Example:
      cds-service serve --port 8000
      curl http://127.0.0.1:8000/cds-services
    """
    settings = for_host(_settings(plandefinitions, valuesets), host)
    if settings.metrics_port == port:
        click.echo(f"Settings: CDS_METRICS_PORT is the port of the service, {port}. Give it one of its own.", err=True)
        sys.exit(USAGE)
    knowledge = _knowledge(settings)
    with shared_folder() as folder:
        share_metrics(str(folder))
        metrics = Metrics(folder)
        app = _app(settings, knowledge, metrics)
        freeze()
        opened: Connections = app.extensions["cds-service"]
        welcome = f"Serving {', '.join(knowledge.services)} at http://{host}:{port}/cds-services (Ctrl-C stops)"
        watch = Watch(lambda: click.echo(welcome, err=True), opened.close, metrics.forget)
        waits = bool(settings.fhir_allowed_hosts)
        run_server(app, Serving(host, port, workers, settings.metrics_port, waits, settings.request_s), watch)


def _app(settings: Settings, knowledge: KnowledgeBase, metrics: Metrics) -> Flask:
    """Return the application with its store ready, or say why not and exit."""
    try:
        app = create_app(settings, knowledge, metrics=metrics)
    except SettingsError as error:
        click.echo(f"Settings: {error}", err=True)
        sys.exit(USAGE)
    state = app.extensions["cds-service"].store.prepare()
    if state != "ok":
        click.echo(
            f"The store is not usable ({state}): calls are answered, feedback is refused. {STORE_HELP}", err=True
        )
    return app


@main.command()
@plandefinitions_option
@valuesets_option
@click.option("--cases", type=FOLDER, help="Folder of golden cases; each is run, and coverage is checked.")
def check(plandefinitions: Path | None, valuesets: Path | None, cases: Path | None) -> None:
    """Check the knowledge, and with --cases what it answers. All problems are listed at once.

    Exit code 0: no problem; 1: problems, each with file, path, reason and fix.

    \b
    Example:
      cds-service check --plandefinitions plandefinitions --valuesets valuesets --cases tests/cases
    """
    knowledge = _knowledge(_settings(plandefinitions, valuesets))
    summary = f"{len(knowledge.all_plans)} plans, {len(knowledge.terminology.value_sets)} value sets"
    if cases:
        golden, problems = read_cases(cases)
        problems += check_cases(knowledge, golden) if golden else []
        if problems:
            _fail(KnowledgeError(problems))
        summary += f", {len(golden)} cases"
    click.echo(f"No problems: {summary}.")


@main.command(name="try")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--service", default="ivig-order-select", show_default=True, help="Service id.")
@click.option("--json", "as_json", is_flag=True, help="Print the raw CDS Hooks answer.")
@plandefinitions_option
@valuesets_option
def try_(file: Path, service: str, as_json: bool, plandefinitions: Path | None, valuesets: Path | None) -> None:
    """Evaluate a request FILE without a server and print the cards ('-' reads standard input).

    Exit code 0: answered; 1: the knowledge has problems; 2: usage or settings; 3: the request was refused.

    \b
    Example:
      cds-service try request.json
      cds-service try --json request.json
    """
    settings = _settings(plandefinitions, valuesets)
    knowledge = _knowledge(settings)
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


def _settings(plandefinitions: Path | None, valuesets: Path | None) -> Settings:
    try:
        return read_settings(plandefinitions=plandefinitions, valuesets=valuesets)
    except SettingsError as error:
        click.echo(f"Settings: {error}", err=True)
        sys.exit(USAGE)


def _knowledge(settings: Settings) -> KnowledgeBase:
    try:
        return load_knowledge(settings.plandefinitions, settings.valuesets)
    except KnowledgeError as error:
        _fail(error)
        raise AssertionError from None  # _fail exits


def _fail(error: KnowledgeError) -> None:
    click.echo(str(error), err=True)
    click.echo(f"{len(error.problems)} problem(s).", err=True)
    sys.exit(PROBLEMS)


main.add_command(db)
main.add_command(feedback)
main.add_command(keys)

if __name__ == "__main__":
    main()
