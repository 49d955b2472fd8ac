"""cds-service serve: the service in the foreground."""

import signal
import sys
from pathlib import Path

import click
from flask import Flask

from cds_service.app import Running, create_app, freeze
from cds_service.commands.options import USAGE, read_or_exit, served_options, served_settings, told_place
from cds_service.errors import SettingsError
from cds_service.hooks.follow import Follow
from cds_service.hooks.reload import Reload
from cds_service.hooks.server import Serving, Turns, run_server
from cds_service.knowledge.handover import Handover
from cds_service.knowledge.load import KnowledgeBase
from cds_service.knowledge.place import Place
from cds_service.knowledge.watch import Watch
from cds_service.operations.metrics import Metrics, shared_folder
from cds_service.settings import Settings, for_host, metrics_shared_in, own_place, place_of

STORE_HELP = "CDS_DATABASE_URL names it; 'cds-service db upgrade' makes its tables."


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to bind.")
@click.option("--workers", default=None, type=click.IntRange(1, 64), help="Worker processes; default: one a core.")
@click.option("--reload", "reloads", is_flag=True, help="Take new knowledge when its files change, too.")
@served_options
def serve(
    host: str,
    port: int,
    workers: int | None,
    reloads: bool,
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
) -> None:
    """Serve CDS Hooks in the foreground until interrupted.

    Refuses to start when the knowledge has problems or the port is taken (exit code 1), or a setting
    cannot work (2): an address that other machines reach needs CDS_CLIENTS_FILE and CDS_PUBLIC_URL, or
    CDS_AUTH=off.
    At SIGHUP the knowledge is read again, from the same folders or Bundle; where it has problems they are
    said, and the old is kept.

    \b
    Example:
      cds-service serve --port 8000
      curl http://127.0.0.1:8000/cds-services
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the server takes it: knowledge is being read anyway
    settings = for_host(served_settings(plandefinitions, valuesets, bundle), host)
    _refuse_what_cannot_work(settings, port, reloads)
    _note_what_is_not_served(settings)
    watch = Watch(place_of(settings)) if reloads else None
    _, knowledge = read_or_exit(settings)
    with shared_folder() as folder, metrics_shared_in(str(folder)):
        metrics = Metrics(folder)
        app = _app(settings, knowledge, metrics)
        freeze()
        running: Running = app.extensions["cds-service"]
        address = f"http://{host}:{port}/cds-services"
        turns = _turns(running, place_of(settings), metrics, Handover(folder, knowledge.digest), watch, address)
        waits = bool(settings.fhir_allowed_hosts)
        run_server(app, Serving(host, port, workers, settings.metrics_port, waits, settings.request_s), turns)


def _refuse_what_cannot_work(settings: Settings, port: int, reloads: bool) -> None:
    if settings.metrics_port == port:
        click.echo(f"Settings: CDS_METRICS_PORT is the port of the service, {port}. Give it one of its own.", err=True)
        sys.exit(USAGE)
    if reloads and place_of(settings).is_remote:
        raise click.UsageError("--reload watches files. Without it, SIGHUP has the Bundle fetched again.")


def _note_what_is_not_served(settings: Settings) -> None:
    own = own_place()
    if own and not own.is_same(place_of(settings)):
        served = f"the knowledge {told_place(settings)} is served, and not {own.name}"
        options = f"--plandefinitions {own.plandefinitions} --valuesets {own.valuesets}"
        click.echo(f"Note: {served}. To serve those, give {options}.", err=True)


def _turns(
    running: Running, place: Place, metrics: Metrics, handover: Handover, watch: Watch | None, address: str
) -> Turns:
    """Return what is done at the turns of the server's life."""
    current, logger, seconds = running.current, running.logger, running.effects.seconds

    def welcome() -> None:
        served = current.served.knowledge
        click.echo(f"Serving {', '.join(served.services)} at {address} (Ctrl-C stops)", err=True)
        logger.info("knowledge-loaded", knowledge=served.digest, plans=served.versions)

    reload = Reload(place, current, handover, metrics, logger, running.write, seconds)
    return Turns(
        ready=welcome,
        read=reload.read,
        take=reload.take,
        has_changed=watch.has_changed if watch else lambda: False,
        worker_begins=Follow(current, handover, logger, seconds).start,
        worker_ends=running.close,
        worker_died=metrics.forget,
    )


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
