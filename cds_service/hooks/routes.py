"""The routes: discovery, services, health, and an OperationOutcome for everything else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import orjson
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from cds_service.errors import BadRequest, RequestError
from cds_service.hooks.answer import answer, find_service
from cds_service.hooks.outcome import to_outcome
from cds_service.hooks.request import Limits, too_large
from cds_service.knowledge.load import KnowledgeBase

JSON_TYPES = ("application/json", "application/fhir+json")
ISSUE_TYPES = {404: "not-found", 405: "not-supported", 400: "invalid"}


@dataclass(frozen=True)
class Effects:
    """What the routes need of the outside world: today's date, new uuids, a clock in seconds, a place for log lines."""

    today: Callable[[], date]
    new_uuid: Callable[[], str]
    seconds: Callable[[], float]
    log: Callable[[str], object]


def json_response(body: object, status: int = 200) -> Response:
    """Return a JSON answer without insignificant white space."""
    return Response(orjson.dumps(body), status, content_type="application/json")


def outcome_response(status: int, code: str, text: str) -> Response:
    """Return an error answer with an OperationOutcome body."""
    return json_response(to_outcome(code, text), status)


def make_routes(knowledge: KnowledgeBase, limits: Limits, version: str, effects: Effects) -> Blueprint:
    """Return the routes of one knowledge base (CDS Hooks 2.0, Discovery and Calling a CDS Service)."""
    routes = Blueprint("hooks", __name__)
    discovery = {"services": [service.to_discovery() for service in knowledge.services.values()]}

    @routes.get("/cds-services")
    def discover() -> Response:
        return json_response(discovery)

    @routes.get("/health")
    def health() -> Response:
        return json_response({"status": "ok", "version": version, "services": sorted(knowledge.services)})

    @routes.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:
        started = effects.seconds()
        service = find_service(knowledge, service_id)
        body = _body(limits)
        answered = answer(knowledge, service, body, effects.today(), effects.new_uuid, limits)
        milliseconds = round((effects.seconds() - started) * 1000, 2)
        line = {"event": "call", "hook": service.hook, "service": service.plan.canonical}
        effects.log(orjson.dumps({**line, "cards": len(answered.cards), "ms": milliseconds}).decode())
        return Response(answered.to_json(), content_type="application/json")

    return routes


def _body(limits: Limits) -> bytes:
    kind = request.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind and kind not in JSON_TYPES:
        raise BadRequest("The body must be JSON. Send the header Content-Type: application/json.")
    request.max_content_length = limits.body_bytes + 1  # a body in chunks is cut there, and parse_request sees it
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise too_large(limits) from None


def answer_errors(app: Flask, log: Callable[[str], object]) -> None:
    """Answer every error of the app with an OperationOutcome, and log what we did not foresee without its values."""

    @app.errorhandler(RequestError)
    def deliberate(error: RequestError) -> Response:
        log(orjson.dumps({"event": "refused", "status": error.status, "error": type(error).__name__}).decode())
        return outcome_response(error.status, error.code, str(error))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        answered = outcome_response(status, ISSUE_TYPES.get(status, "processing"), _reason(status, error))
        if "Allow" in (headers := dict(error.get_headers())):
            answered.headers["Allow"] = headers["Allow"]
        return answered

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        log(orjson.dumps({"event": "fault", "type": type(error).__name__, "at": _frames(error)}).decode())
        return outcome_response(500, "exception", "The service failed on this call. Its log names the place.")


def _reason(status: int, error: HTTPException) -> str:
    reasons = {
        404: "No such address. GET /cds-services lists the services.",
        405: "This address does not take that method.",
    }
    return reasons.get(status, error.name)


def _frames(error: BaseException) -> list[str]:
    """Return function and line of each frame: the values, which may be about a patient, stay out of the log."""
    frames, trace = [], error.__traceback__
    while trace:
        frames.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-6:]
