"""Error bodies: an OperationOutcome for every answer that is not 200 (CDS Hooks 3.0 ballot)."""

from typing import Any


def to_outcome(code: str, text: str) -> dict[str, Any]:
    """Return an OperationOutcome with one error; `code` is a FHIR issue type, `text` says what to do."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"text": text}, "diagnostics": text}],
    }
