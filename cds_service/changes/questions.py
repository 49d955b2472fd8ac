"""What both sides are asked: the golden cases of both, and requests of a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from cds_service.cases.read import Case


@dataclass(frozen=True)
class Question:
    """A request on a day: for one service, or for every service of its hook. A private one may be about a patient."""

    name: str
    body: bytes
    today: date
    service: str | None = None
    hook: str | None = None

    @property
    def is_private(self) -> bool:
        """Return whether the request may be about a patient: only golden cases are known to be invented."""
        return self.service is None


@dataclass(frozen=True)
class Unread:
    """A file of a folder of requests that was not asked, and why."""

    file: str
    reason: str


def case_questions(old: Mapping[str, Case], new: Mapping[str, Case]) -> list[Question]:
    """Return the requests of the cases of both sides; a case whose request or day is another one counts twice."""
    found = []
    for name in sorted({*old, *new}):
        both = [_of_case(name, cases[name]) for cases in (old, new) if name in cases]
        found += both[-1:] if both[0] == both[-1] else [_older(both[0]), both[1]]
    return found


def _of_case(name: str, case: Case) -> Question:
    return Question(name, msgspec.json.encode(case.request), case.today, name.partition("/")[0])


def _older(question: Question) -> Question:
    return Question(f"{question.name} (as in OLD)", question.body, question.today, question.service)


def read_requests(folder: Path, today: date) -> tuple[list[Question], list[Unread]]:
    """Return the requests of a folder, for a day, and the files that hold none; nothing of what they hold is told."""
    questions, unread = [], []
    files = sorted(folder.glob("*.json"))
    if not files:
        unread.append(Unread(str(folder), "holds no .json file"))
    for path in files:
        try:
            body = path.read_bytes()
            questions.append(Question(path.name, body, today, hook=msgspec.json.decode(body, type=_Hooked).hook))
        except OSError as error:
            unread.append(Unread(path.name, f"cannot be read ({type(error).__name__})"))
        except msgspec.ValidationError:
            unread.append(Unread(path.name, "is no CDS Hooks request: it names no hook"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            unread.append(Unread(path.name, "is not JSON"))
    return questions, unread


class _Hooked(msgspec.Struct):
    hook: str
