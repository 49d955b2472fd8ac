"""Every deliberate error, by whom it concerns.

CdsServiceError
    KnowledgeError          for authors: artifacts that cannot be served; carries every Problem at once
        EditError           an edit of value sets is refused, and nothing is written
    SettingsError           for operators: a setting that cannot work
    SideError               for authors: one of two versions of knowledge that cannot be had
    ScaffoldError           for authors: files to start from that cannot be made
    StoreError              for operators: the store cannot be read or written
    TerminologyError        for authors: a terminology server, or a release of codes, that cannot be used
    ExtraMissing            for authors: a package that only authors need is not installed
    RequestError            for EHR integrators: a call that cannot be answered; carries an HTTP status
        BadRequest          400: not a CDS Hooks request, or data of two patients
        Unauthorized        401: no token, or one that is not accepted
        UnknownService      404: no such service
        PreconditionFailed  412: a required prefetch key is not there and cannot be fetched
        TooLarge            413: over the body, entry or depth limit
        Unavailable         503: feedback that cannot be stored now

Messages of RequestError never hold a value of the request: it may be about a patient.
"""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with an artifact or a case: where it is, why it is wrong, how to mend it."""

    file: str
    path: str
    reason: str
    fix: str

    def __str__(self) -> str:
        """Return the problem as the line an author reads."""
        return f"{self.file}: {self.path}: {self.reason} Fix: {self.fix}"


class CdsServiceError(Exception):
    """Any error this program raises on purpose."""


class KnowledgeError(CdsServiceError):
    """The artifacts cannot be served; `problems` lists every reason, sorted by file."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class EditError(KnowledgeError):
    """An edit of value sets is refused; `problems` keep the order in which they were found, as the rows of a sheet."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = list(dict.fromkeys(problems))
        self.args = ("\n".join(str(problem) for problem in self.problems),)


class SettingsError(CdsServiceError):
    """A setting that cannot work."""


class SideError(CdsServiceError):
    """A version of knowledge that is to be compared cannot be had; the message says what to do."""


class ScaffoldError(CdsServiceError):
    """Files to start from cannot be made from what was given; the message says what to give."""


class StoreError(CdsServiceError):
    """The store cannot be read or written; the message says what to do and holds no value of a row."""


class TerminologyError(CdsServiceError):
    """A terminology server or a release of codes cannot be used; the message names it and says why."""


class ExtraMissing(CdsServiceError):
    """A package that only authors need is not installed; `package` is its name."""

    def __init__(self, package: str) -> None:
        self.package = package
        super().__init__(f"{package} is not installed.")


class RequestError(CdsServiceError):
    """A call that cannot be answered: `status` is the HTTP status, `code` an OperationOutcome issue type."""

    status = 400
    code = "invalid"


class BadRequest(RequestError):
    """400: the body is not a CDS Hooks request, or mixes the data of two patients."""


class Unauthorized(RequestError):
    """401: no token, or one that is not accepted. The answer is the same for every reason.

    `reason` is a word for the log, never a value of the token.
    """

    status = 401
    code = "login"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("This address needs a valid token. Send Authorization: Bearer with a JWT made for it.")


class UnknownService(RequestError):
    """404: no service of that id."""

    status = 404
    code = "not-found"


class PreconditionFailed(RequestError):
    """412: a required prefetch key is missing and cannot be fetched (CDS Hooks 2.0, Prefetch); `keys` are missing."""

    status = 412
    code = "required"

    def __init__(self, text: str, keys: tuple[str, ...] = ()) -> None:
        self.keys = keys
        super().__init__(text)


class TooLarge(RequestError):
    """413: the body, a Bundle in it or its nesting is over a limit."""

    status = 413
    code = "too-costly"


class Unavailable(RequestError):
    """503: feedback cannot be stored now; the client may send it again later."""

    status = 503
    code = "transient"
