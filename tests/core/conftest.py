"""The shipped service, asked without HTTP."""

import json
from datetime import date
from itertools import count

import pytest

from cds_service.hooks.answer import answer
from tests.core.dose_calls import TODAY


@pytest.fixture(scope="module")
def ask(knowledge):
    service = knowledge.services["ivig-order-select"]

    def ask(body):
        numbers = count(1)
        answered = answer(knowledge, service, json.dumps(body).encode(), date(*TODAY), lambda: f"u-{next(numbers)}")
        return json.loads(answered.to_json())["cards"]

    return ask
