"""create_app(settings): the one place where everything meets. The clock, uuids and random keys are read here."""

import gc
import secrets
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from cds_service import __version__
from cds_service.access.clients import load_clients
from cds_service.access.fetch import make_fetch as make_key_fetch
from cds_service.access.keys import KeySource
from cds_service.access.replay import SeenTokens
from cds_service.access.token import Verifier
from cds_service.errors import SettingsError
from cds_service.fhir.call import FetchLimits
from cds_service.fhir.client import FhirClient
from cds_service.fhir.hosts import parse_hosts
from cds_service.hooks.cors import Wsgi, allow_origins
from cds_service.hooks.current import Current
from cds_service.hooks.explain_route import make_explain_route
from cds_service.hooks.fetching import Count, make_fetch
from cds_service.hooks.guard import Guard
from cds_service.hooks.line import log_calls, note
from cds_service.hooks.openapi import describe
from cds_service.hooks.probes import make_probes, serve_metrics_apart
from cds_service.hooks.refusals import answer_errors
from cds_service.hooks.request import Limits
from cds_service.hooks.routes import Edge, Effects, make_routes
from cds_service.knowledge.load import KnowledgeBase, build_knowledge
from cds_service.knowledge.place import read_place
from cds_service.operations.log import Logger, make_logger
from cds_service.operations.metrics import Metrics
from cds_service.settings import Settings, place_of
from cds_service.store.store import Store

LARGE_BLOCK = 16 << 20
DAY_S = 86_400
FETCHING_THREADS = 64


@dataclass(frozen=True)
class Running:
    """What a server needs of the application: the knowledge that it swaps, its log, what it closes when it stops.

    `write` takes a line of the log, and never fails; `logger` writes there.
    """

    current: Current
    effects: Effects
    write: Callable[[str], object]
    logger: Logger
    store: Store
    fhir: FhirClient | None

    def close(self) -> None:
        """Write what is waiting to be stored, and close every connection."""
        self.store.close()
        if self.fhir:
            self.fhir.close()


def create_app(
    settings: Settings,
    knowledge: KnowledgeBase | None = None,
    effects: Effects | None = None,
    metrics: Metrics | None = None,
) -> Flask:
    """Return the WSGI application; its `extensions["cds-service"]` is what is Running, to be closed at the end.

    Raises KnowledgeError when the artifacts cannot be served, SettingsError when the settings do not go together.
    `knowledge` and `effects` are given by tests; otherwise they come from the settings and from the machine.
    """
    known = knowledge or build_knowledge(read_place(place_of(settings)))
    effects, metrics = effects or real_effects(settings.timezone), metrics or Metrics()
    write = _surely(effects.log, metrics)
    logger = make_logger(write, effects.now)
    key = settings.secret_key.get_secret_value().encode() if settings.secret_key else secrets.token_bytes(32)
    store = _store(settings, effects, metrics, logger)
    client = _fhir_client(settings, effects)
    guard = _guard(settings, effects, metrics, store, key, logger)
    app = Flask("cds_service", static_folder=None)
    current = Current(known, _description(settings, guard.verifier is not None))
    edge = Edge(
        current,
        Limits(settings.max_body_bytes, settings.max_entries),
        effects,
        guard,
        make_fetch(client, _counting(metrics)) if client else None,
        store,
        metrics,
        key,
        settings.keep_comments,
    )
    app.url_map.merge_slashes = False  # a redirect would be a page of HTML with an address made from the Host header
    log_calls(app, logger, effects.seconds, effects.new_uuid, metrics.call)
    answer_errors(app)
    app.register_blueprint(make_routes(edge))
    if settings.explain:
        app.register_blueprint(make_explain_route(edge))
    app.register_blueprint(make_probes(current, __version__, metrics, guard, store.state))
    metrics.knowledge(known.digest)
    app.extensions["cds-service"] = Running(current, effects, write, logger, store, client)
    app.wsgi_app = _around(app.wsgi_app, settings, metrics)  # type: ignore[assignment,method-assign]
    return app


def _description(settings: Settings, is_guarded: bool) -> Callable[[Iterable[str]], dict[str, Any]]:
    """Return how the OpenAPI description of some services is made."""
    return lambda services: describe(services, settings.public_url, __version__, is_guarded, settings.explain)


def _around(app: Wsgi, settings: Settings, metrics: Metrics) -> Wsgi:
    """Return the application with CORS on every answer, and with metrics on a port of their own where there is one."""
    crossing = allow_origins(app, settings.cors_origins)
    return serve_metrics_apart(crossing, metrics, settings.metrics_port) if settings.metrics_port else crossing


def _surely(write: Callable[[str], object], metrics: Metrics) -> Callable[[str], object]:
    """Return a way to write log lines that never fails: a full disk must not turn an answered call into an error."""

    def write_line(line: str) -> None:
        try:
            write(line)
        except (OSError, ValueError):
            metrics.lost("log", 1)

    return write_line


def _store(settings: Settings, effects: Effects, metrics: Metrics, logger: Logger) -> Store:
    def lost(kind: str, number: int) -> None:
        metrics.lost(kind, number)
        logger.error("store-lost", kind=kind, number=number)

    return Store(settings.database_url, effects.now, lost, settings.keep_cards_days * DAY_S, effects.seconds)


def _fhir_client(settings: Settings, effects: Effects) -> FhirClient | None:
    hosts = parse_hosts(settings.fhir_allowed_hosts)
    if not hosts.listed:
        return None
    limits = FetchLimits(
        settings.fhir_budget_s,
        settings.fhir_connect_s,
        settings.fhir_read_s,
        settings.fhir_max_pages,
        settings.fhir_max_bytes,
        settings.max_entries,
    )
    return FhirClient(hosts, limits, effects.seconds, settings.ca_file, threads=FETCHING_THREADS)


def _counting(metrics: Metrics) -> Count:
    def count(outcomes: Mapping[str, str]) -> None:
        metrics.fetched(outcomes)
        note(fetched=outcomes)

    return count


def _guard(settings: Settings, effects: Effects, metrics: Metrics, store: Store, key: bytes, logger: Logger) -> Guard:
    verifier = _verifier(settings, effects, store, key, logger) if settings.auth == "on" else None
    return Guard(verifier, settings.public_url or "", settings.auth is None, metrics.unauthorized)


def _told(fetch: Callable[[str], bytes], logger: Logger) -> Callable[[str], bytes]:
    """Return a fetch of key sets that leaves a line when it fails: the address is the operator's, not the caller's."""

    def fetch_key_set(url: str) -> bytes:
        try:
            return fetch(url)
        except OSError as error:
            logger.warning("keys-not-fetched", url=url, error=type(error).__name__)
            raise

    return fetch_key_set


def _verifier(settings: Settings, effects: Effects, store: Store, key: bytes, logger: Logger) -> Verifier:
    if not (settings.clients_file and settings.public_url):
        raise SettingsError(
            "authentication is on, so CDS_CLIENTS_FILE and CDS_PUBLIC_URL are needed: who may call, and for which "
            "address their tokens are made. CDS_AUTH=off turns it off, for a network that only trusted callers reach"
        )
    clients = load_clients(settings.clients_file)
    fetch = make_key_fetch(settings.fhir_connect_s, settings.fhir_read_s, settings.ca_file)
    keys = KeySource(_told(fetch, logger), effects.seconds)
    algorithms = frozenset(name.strip() for name in settings.auth_algorithms.split(","))
    seen = SeenTokens(effects.now, key, store.is_seen)
    return Verifier(clients, keys, algorithms, settings.auth_clock_skew_s, settings.auth_max_age_s, effects.now, seen)


def real_effects(timezone: str | None) -> Effects:
    """Return today's date in a time zone (None: the host's), random uuids, the machine's clocks, standard error."""
    zone = ZoneInfo(timezone) if timezone else None

    def today() -> date:
        return datetime.now(zone).date() if zone else date.today()  # noqa: DTZ011

    def log(line: str) -> None:
        sys.stderr.write(line + "\n")

    return Effects(today, lambda: str(uuid.uuid4()), time.perf_counter, log, time.time)


def freeze() -> None:
    """Ready the process for serving: what is loaded so far lives as long as the process and is not garbage collected.

    Freeing one large block tells glibc's malloc to keep blocks up to that size for reuse (mallopt(3),
    M_MMAP_THRESHOLD). Without it the buffers of each call are given back and faulted in again: 175 page faults a call
    at 250 kB were measured.
    """
    bytes(LARGE_BLOCK)
    gc.collect()
    gc.freeze()
