"""An OperationOutcome for every error of the application (CDS Hooks 3.0 ballot, Returning OperationOutcome)."""

import orjson
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service.errors import RequestError, Unauthorized, Unavailable
from cds_service.hooks.line import note
from cds_service.hooks.outcome import to_outcome

ISSUE_TYPES = {404: "not-found", 405: "not-supported", 400: "invalid"}
RETRY_AFTER_S = "30"


def answer_errors(app: Flask) -> None:
    """Answer every error with an OperationOutcome, and note what was not foreseen without its values."""

    @app.errorhandler(RequestError)
    def deliberate(error: RequestError) -> Response:
        note(error=type(error).__name__)
        answered = _outcome_response(error.status, error.code, str(error))
        if isinstance(error, Unauthorized):
            answered.headers["WWW-Authenticate"] = "Bearer"
        if isinstance(error, Unavailable):
            answered.headers["Retry-After"] = RETRY_AFTER_S
        return answered

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        answered = _outcome_response(status, ISSUE_TYPES.get(status, "processing"), _reason(status, error))
        if "Allow" in (headers := dict(error.get_headers())):
            answered.headers["Allow"] = headers["Allow"]
        return answered

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        note(error=type(error).__name__, at=_frames(error))
        return _outcome_response(500, "exception", "The service failed on this call. Its log names the place.")


def _outcome_response(status: int, code: str, text: str) -> Response:
    return Response(orjson.dumps(to_outcome(code, text)), status, content_type="application/json")


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
