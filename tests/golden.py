"""The golden cases of the shipped service, and what is answered to them or to requests made from them."""

import json
from itertools import count
from pathlib import Path

import msgspec

from cds_service.cases.read import read_cases
from cds_service.errors import RequestError
from cds_service.hooks.answer import answer, find_service

CASES, PROBLEMS = read_cases(Path(__file__).parent / "cases")


def ask(knowledge, name, request, today=None, **more):
    """Return the answer to a request on a day, by default the day of the case."""
    numbers = count(1)
    service = find_service(knowledge, name.partition("/")[0])
    body = msgspec.json.encode(request)
    return answer(knowledge, service, body, today or CASES[name].today, lambda: f"card-{next(numbers)}", **more)


def cards_of(answered):
    return json.loads(answered.to_json())["cards"]


def answered_cases(knowledge):
    """Return name and answer of every case that is not answered with an error."""
    for name, case in CASES.items():
        try:
            yield name, ask(knowledge, name, case.request)
        except RequestError:
            continue
