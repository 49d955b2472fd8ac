"""Starts and stops the measured servers: one worker each, pinned to one core where there are several."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def cores() -> list[set[int]]:
    """Return the cores of floor, service and load generator: one each where there are three, else the last apart."""
    available = sorted(os.sched_getaffinity(0))
    return [{available[0]}, {available[1 if len(available) > 2 else 0]}, {available[-1]}]


@contextlib.contextmanager
def server(command: list[str], port: int, core: set[int], environment: dict[str, str]) -> Iterator[tuple[float, int]]:
    """Run a server; yield the seconds to its first answer, and the process id of its worker."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, core),
    )
    try:
        wait_for(port, process)
        yield time.perf_counter() - started, worker_of(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)


def wait_for(port: int, process: subprocess.Popen, seconds: float = 60) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        time.sleep(0.01)
    raise RuntimeError(f"The server on port {port} did not start.")


def worker_of(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int, path: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.path = path

    def microseconds(self, body: bytes, headers: dict[str, str] | None = None) -> float:
        return self._timed("POST", body, {"Content-Type": "application/json", **(headers or {})})

    def get_microseconds(self) -> float:
        return self._timed("GET", None, {})

    def _timed(self, method: str, body: bytes | None, headers: dict[str, str]) -> float:
        started = time.perf_counter()
        self.connection.request(method, self.path, body, headers)
        answer = self.connection.getresponse()
        self.answer = answer.read()
        elapsed = (time.perf_counter() - started) * 1e6
        assert answer.status == 200, answer.status
        return elapsed

    def cards(self, body: bytes) -> int:
        """Return how many cards a body is answered with, so that no silence is measured as speed."""
        self.microseconds(body)
        return len(json.loads(self.answer)["cards"])


def service_command(port: int) -> list[str]:
    return ["cds_service", "serve", "--port", str(port), "--workers", "1"]
