"""cds-service case: golden cases of one's own."""

import json
import re
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

from cds_service.app import real_effects
from cds_service.cases.expect import copied, looks_answered, parse_expectation, tells_who, to_case
from cds_service.cases.identity import Identity
from cds_service.cases.run import Outcome, run_case
from cds_service.cases.strip import Stripped, answers_alike, strip
from cds_service.commands.expecting import Asker
from cds_service.commands.options import (
    DATE,
    FOLDER,
    PROBLEMS,
    cases_folder,
    fail,
    knowledge_options,
    read_or_exit,
    settings_of,
)
from cds_service.commands.request_file import read_request_file
from cds_service.errors import BadRequest, KnowledgeError, Problem
from cds_service.knowledge.load import KnowledgeBase, Service

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DAY = date(2020, 6, 15)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def case() -> None:
    """Make golden cases.

    \b
    Example:
      cds-service case new request.json --name adult-with-a-rash-is-recommended
    """


@case.command()
@click.argument("request_file", metavar="REQUEST", type=FILE)
@click.option("--name", required=True, metavar="WHO-WHAT-OUTCOME", help="Name of the case: words joined by hyphens.")
@click.option("--service", "service_id", help="Service id; default: the one service of the request's hook.")
@click.option("--cases", type=FOLDER, help="Folder of golden cases; default: tests/cases, if it is there.")
@click.option(
    "--expect", type=FILE, help="JSON of what must come out, instead of questions: title, why, cards or error."
)
@click.option("--asked-on", type=DATE, metavar="YYYY-MM-DD", help="Day of the call; default: today.")
@click.option("--today", type=DATE, metavar="YYYY-MM-DD", help=f"Day that the case is moved to; default: {DAY}.")
@click.option("--texts-are-clean", is_flag=True, help="The texts that are kept were looked at: they name nobody.")
@knowledge_options
def new(
    request_file: Path,
    name: str,
    service_id: str | None,
    cases: Path | None,
    expect: Path | None,
    asked_on: datetime | None,
    today: datetime | None,
    texts_are_clean: bool,
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
) -> None:
    """Make a golden case of a REQUEST in a file, without what could tell who it is about.

    Only elements that the service reads are kept; ids are invented, all dates moved and times of day left out. Texts
    that conditions read (names of diagnoses and drugs, written values) stay as they are: one that holds a name, an
    identifier, an address or an id of the request is refused, with its place; the others are shown, and nothing is
    written until somebody has said that they name nobody. Intervals and ages in months stay too.

    What must come out is asked for, or read from --expect. It comes from the source: the service's answer is not
    shown before and cannot be taken for it: what repeats a card at length is refused. Then the case is written and run.

    Exit code 0: written, and it passes; 1: the knowledge or the expectation has problems, or the case is written and
    does not pass, which is for the source to decide; 2: usage or settings.

    \b
    Examples:
      cds-service case new request.json --name adult-with-a-rash-is-recommended
      cds-service case new request.json --name adult-with-a-rash-is-recommended --expect expected.json
    """
    settings = settings_of(plandefinitions, valuesets, bundle)
    _, knowledge = read_or_exit(settings)
    request = _request(request_file)
    service = _service(knowledge, service_id, request)
    path = _path(cases_folder(cases), service, name)
    identity = Identity(request, knowledge.terminology)
    _refuse(_telling("--name", {"-": identity.told_by(name)}))
    asked = asked_on.date() if asked_on else real_effects(settings.timezone).today()
    stripped = _stripped(knowledge, service, request, asked, today.date() if today else _other_than(asked))
    _refuse(_telling(request_file.name, stripped.telling))
    _look_at(stripped, texts_are_clean)
    expected = _expected(knowledge, expect, stripped)
    full_name, file = f"{service.plan.id}/{name}", expect.name if expect else "answers"
    written, outcome, problems = _made(knowledge, full_name, expected, stripped, file)
    problems = [*_telling(file, tells_who(expected, stripped.request, identity)), *problems]
    if problems and not expect:
        click.echo(
            f"What you answered, to be mended in a file and given as --expect:\n{json.dumps(expected, indent=2)}"
        )
    _refuse(problems)
    _write(full_name, path, written, outcome)


def _request(file: Path) -> dict[str, Any]:
    try:
        request = orjson.loads(read_request_file(file))
    except BadRequest as error:
        raise click.UsageError(f"{file}: {error}") from None
    except orjson.JSONDecodeError:
        raise click.UsageError(f"{file} is not readable as JSON.") from None
    if not isinstance(request, dict) or "hook" not in request or looks_answered(request):
        raise click.UsageError(f"{file} is no CDS Hooks request: give the body that is posted to the service.")
    return request


def _service(knowledge: KnowledgeBase, wanted: str | None, request: dict[str, Any]) -> Service:
    if wanted is None:
        found = [each for each in knowledge.services.values() if each.hook == request["hook"]]
        if len(found) != 1:
            raise click.UsageError(f"Give --service: the knowledge has {len(found)} services of the request's hook.")
        return found[0]
    if wanted not in knowledge.services:
        raise click.UsageError(f"There is no service {wanted}: use one of {', '.join(sorted(knowledge.services))}.")
    return knowledge.services[wanted]


def _path(folder: Path, service: Service, name: str) -> Path:
    if not KEBAB.fullmatch(name):
        raise click.UsageError(f"{name} is no name of a case: use small letters and digits, joined by single hyphens.")
    path = folder / service.plan.id / f"{name}.json"
    if path.exists():
        raise click.UsageError(f"{path} is there already and is not overwritten. Give another --name.")
    return path


def _expected(knowledge: KnowledgeBase, file: Path | None, stripped: Stripped) -> dict[str, Any]:
    if file is None:
        return Asker(knowledge, stripped.request).ask()
    expected, problems = parse_expectation(file.read_bytes(), file.name)
    _refuse(problems)
    return expected


def _telling(file: str, found: Mapping[str, Mapping[str, str]]) -> list[Problem]:
    """Return what of a file tells who the request is about, as problems."""
    fix = (
        "write it without. A word that names nobody there is let pass when the request has another name, identifier, "
        "address or id in its place: change that in the request."
    )
    said = {place: ", ".join(f"{word!r} ({of})" for word, of in words.items()) for place, words in found.items()}
    reason = "holds what the request itself tells of a person or an organisation:"
    return [Problem(file, place, f"{reason} {words}.", fix) for place, words in said.items() if words]


def _other_than(asked: date) -> date:
    return DAY if asked != DAY else DAY + timedelta(days=1)


def _stripped(
    knowledge: KnowledgeBase, service: Service, request: dict[str, Any], asked: date, today: date
) -> Stripped:
    if today == asked:
        raise click.UsageError("--today is the day of the call: the dates would stay as they are.")
    stripped = strip(request, asked, today, [each.key for each in service.prefetch], knowledge.terminology)
    if not answers_alike(knowledge, service, request, asked, stripped):
        _stop(
            f"Without what is left out, and moved from {asked} to {today}, the request is not answered as before: a "
            "date may stand at a limit that is counted in months or years, or a display say what its code does not. "
            f"Nothing was written. Try --today {_years_before(asked)}, which keeps every limit, or move such words of "
            "a display to the text beside it."
        )
    return stripped


def _years_before(asked: date) -> date:
    return date(asked.year - 4, asked.month, asked.day if (asked.year - 4) % 100 else min(asked.day, 28))


def _look_at(stripped: Stripped, texts_are_clean: bool) -> None:
    if not stripped.texts:
        return
    click.echo("These texts and codes are kept, since conditions read them:")
    for each in stripped.texts:
        click.echo(f"  {each}")
    if not texts_are_clean and not _confirmed():
        _stop("Nothing was written. Change the texts in the request, and start again.")


def _confirmed() -> bool:
    try:
        return click.confirm("Does none of them tell who a patient, practitioner or organisation is?")
    except click.Abort:
        click.echo()
        return False


def _made(
    knowledge: KnowledgeBase, name: str, expected: dict[str, Any], stripped: Stripped, file: str
) -> tuple[bytes, Outcome, list[Problem]]:
    """Return the case as it is written, what becomes of it, and what is wrong with it."""
    written, made, problems = to_case(expected, stripped.request, stripped.today, f"{name}.json")
    if made is None or problems:
        return written, Outcome([]), problems
    outcome = run_case(knowledge, name, made)
    return written, outcome, copied(expected, outcome.said, file)


def _write(name: str, path: Path, written: bytes, outcome: Outcome) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(written)
    click.echo(f"Wrote {path}.")
    for each in outcome.differences:
        click.echo(f"{name}: {each}")
    if outcome.differences:
        _stop("The case does not pass. It is kept: the source decides whether the knowledge or the case is wrong.")
    click.echo("The case passes.")


def _refuse(problems: list[Problem]) -> None:
    if problems:
        fail(KnowledgeError(problems))


def _stop(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(PROBLEMS)
