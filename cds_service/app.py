"""create_app(settings): the one place where everything meets. The clock and the uuids of cards are read here."""

import gc
import sys
import time
import uuid
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask

from cds_service import __version__
from cds_service.hooks.cors import allow_origins
from cds_service.hooks.request import Limits
from cds_service.hooks.routes import Effects, answer_errors, make_routes
from cds_service.knowledge.load import KnowledgeBase, load_knowledge
from cds_service.settings import Settings

LARGE_BLOCK = 16 << 20


def create_app(settings: Settings, knowledge: KnowledgeBase | None = None, effects: Effects | None = None) -> Flask:
    """Return the WSGI application; raises KnowledgeError when the artifacts cannot be served.

    `knowledge` and `effects` are given by tests; otherwise they come from the settings and from the machine.
    """
    known = knowledge or load_knowledge(settings.plandefinitions, settings.valuesets)
    app = Flask("cds_service", static_folder=None)
    app.url_map.merge_slashes = False  # a redirect would be a page of HTML with an address made from the Host header
    limits = Limits(settings.max_body_bytes, settings.max_entries)
    effects = effects or real_effects(settings.timezone)
    app.register_blueprint(make_routes(known, limits, __version__, effects))
    answer_errors(app, effects.log)
    app.wsgi_app = allow_origins(app.wsgi_app, settings.cors_origins)  # type: ignore[assignment,method-assign]
    return app


def real_effects(timezone: str | None) -> Effects:
    """Return today's date in a time zone (None: the host's), random uuids, the machine's clock, standard error."""
    zone = ZoneInfo(timezone) if timezone else None

    def today() -> date:
        return datetime.now(zone).date() if zone else date.today()  # noqa: DTZ011

    def log(line: str) -> None:
        sys.stderr.write(line + "\n")

    return Effects(today, lambda: str(uuid.uuid4()), time.perf_counter, log)


def freeze() -> None:
    """Ready the process for serving: what is loaded so far lives as long as the process and is not garbage collected.

    Freeing one large block tells glibc's malloc to keep blocks up to that size for reuse (mallopt(3),
    M_MMAP_THRESHOLD). Without it the buffers of each call are given back and faulted in again: 175 page faults a call
    at 250 kB were measured.
    """
    bytes(LARGE_BLOCK)
    gc.collect()
    gc.freeze()
