from collections.abc import Iterator

import pytest

from tests.access.key_server import KeyServer, run_key_server


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with run_key_server() as found:
        yield found


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()
