"""The service as a process of its own, on loopback, ended by its process id."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from tests.ports import free_port


@contextlib.contextmanager
def serving(
    installed: Path, folder: Path, *more: str, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen]]:
    """Serve the package found in a folder, working in another; settings of the caller's environment do not count."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CDS_")}
    environment |= {"PYTHONPATH": str(installed), **(settings or {})}
    command = [sys.executable, "-m", "cds_service", "serve", "--port", str(port), "--workers", "2", *more]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        try:
            process.wait(timeout=40)
        finally:
            process.kill()
            process.wait()


def wait_for(base: str) -> None:
    for _ in range(300):
        with contextlib.suppress(requests.ConnectionError):
            assert requests.get(f"{base}/health", timeout=5).status_code == 200
            return
        time.sleep(0.1)
    pytest.fail("the server did not start")


def workers_of(process: subprocess.Popen) -> list[int]:
    """Return the process ids of a server's workers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(each) for each in children.split()]


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
