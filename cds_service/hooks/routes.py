"""The addresses of CDS Hooks: discovery, services, feedback (CDS Hooks 2.0)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import orjson
from flask import Blueprint, Response, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.errors import BadRequest, PreconditionFailed, StoreError, Unavailable
from cds_service.feedback.parse import parse_feedback
from cds_service.hooks.answer import Answer, answer, find_service
from cds_service.hooks.current import Current
from cds_service.hooks.guard import Guard, tenant_of
from cds_service.hooks.line import note
from cds_service.hooks.prefetch import Fetch
from cds_service.hooks.repeats import Repeats
from cds_service.hooks.request import Limits, too_large
from cds_service.knowledge.load import KnowledgeBase, Service
from cds_service.operations.metrics import Metrics
from cds_service.store.rows import IssuedCard
from cds_service.store.store import Store

FEEDBACK = Limits(body_bytes=1_000_000)
JSON_TYPES = ("application/json", "application/fhir+json")


@dataclass(frozen=True)
class Effects:
    """What the routes need of the outside world.

    Today's date where the hospital is, new uuids, a clock in seconds, a place for log lines, and the time in seconds
    since the epoch.
    """

    today: Callable[[], date]
    new_uuid: Callable[[], str]
    seconds: Callable[[], float]
    log: Callable[[str], object]
    now: Callable[[], float]


@dataclass(frozen=True)
class Edge:
    """What calls are answered from, and what is kept of them; `key` is that of the hashes of advice."""

    current: Current
    limits: Limits
    effects: Effects
    guard: Guard
    fetch: Fetch | None
    store: Store
    metrics: Metrics
    key: bytes = field(repr=False)
    keep_comments: bool = False


def json_response(body: object, status: int = 200) -> Response:
    """Return a JSON answer without insignificant white space."""
    return Response(orjson.dumps(body), status, content_type="application/json")


def make_routes(edge: Edge) -> Blueprint:
    """Return the routes (CDS Hooks 2.0: Discovery, Calling a CDS Service, Feedback).

    Each request looks once at what is served, and stays with that.
    """
    routes = Blueprint("hooks", __name__)
    routes.before_request(edge.guard.admit)

    @routes.get("/cds-services")
    def discover() -> Response:
        return json_response(edge.current.served.discovery)

    @routes.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:
        served = edge.current.served
        knowledge, readers = served.knowledge, served.readers
        service = find_service(knowledge, service_id)
        note(service=service_id, hook=service.hook, plan=service.plan.canonical, knowledge=knowledge.digest)
        tenant = tenant_of(g.caller)
        repeats = Repeats(tenant or "", edge.key, knowledge.digest, readers, edge.store.given) if readers else None
        answered = _answer(edge, knowledge, service, repeats)
        _keep(edge, service, answered, tenant)
        return Response(answered.to_json(), content_type="application/json")

    @routes.post("/cds-services/<service_id>/feedback")
    def feedback(service_id: str) -> Response:
        service = find_service(edge.current.served.knowledge, service_id)
        events = parse_feedback(read_body(FEEDBACK), edge.keep_comments)
        try:
            stored = edge.store.add_feedback(events, tenant_of(g.caller), service_id, edge.effects.now())
        except StoreError:
            raise Unavailable("Feedback cannot be stored now. Send it again later.") from None
        note(service=service_id, plan=service.plan.canonical, feedback=len(events), stored=stored)
        edge.metrics.feedback(service_id, [each.outcome for each in events])
        return json_response({"received": len(events)})

    return routes


def _answer(edge: Edge, knowledge: KnowledgeBase, service: Service, repeats: Repeats | None) -> Answer:
    effects, body = edge.effects, read_body(edge.limits)
    try:
        return answer(
            knowledge,
            service,
            body,
            effects.today(),
            effects.new_uuid,
            edge.limits,
            fetch=edge.fetch,
            repeats=repeats,
        )
    except PreconditionFailed as error:
        _tell_missing(edge, service.plan.id, error.keys)
        raise


def _tell_missing(edge: Edge, service_id: str, keys: Sequence[str]) -> None:
    if keys:
        edge.metrics.missing(service_id, keys)
        note(missing=keys)


def _keep(edge: Edge, service: Service, answered: Answer, tenant: str | None) -> None:
    """Count and remember what was answered; nothing of it can fail or delay the answer."""
    name, now = service.plan.id, edge.effects.now()
    issued = [
        IssuedCard(
            card["uuid"],
            name,
            topic.advice.plan.url,
            topic.advice.plan.version,
            topic.key,
            card["indicator"],
            service.hook,
            now,
            tenant,
        )
        for card, topic in answered.given
    ]
    edge.store.record_cards(issued)
    for digests, life_s in answered.remembered:
        edge.store.record_advice(digests, now + life_s)
    edge.metrics.cards(name, [(each.recommendation, each.indicator) for each in issued], answered.repeated)
    note(cards=len(issued))
    _tell_missing(edge, name, answered.missing)
    if answered.repeated:
        note(repeated=answered.repeated)


def read_body(limits: Limits) -> bytes:
    """Return the body of the request; raises BadRequest (400) or TooLarge (413)."""
    kind = request.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind and kind not in JSON_TYPES:
        raise BadRequest("The body must be JSON. Send the header Content-Type: application/json.")
    request.max_content_length = limits.body_bytes + 1  # a body in chunks is cut there, and parse_request sees it
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise too_large(limits) from None
    except (OSError, ParseException):  # of the server: a chunk that is none, or an end that did not come
        raise BadRequest("The body could not be read to its end. Send it whole.") from None
