"""The build steps of the image, run for real outside a container, and what they make, run as the image would run it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests

from tests.docker.files import DOCKER, PORT, ROOT, USER, copied, dockerfile, exec_form
from tests.docker.image import FINAL, Image, interpreter, open_folder, place
from tests.ports import free_port
from tests.requests import condition, request
from tests.serving import wait_for

PROBE = """
import sys
from pathlib import Path
for name in sys.argv[1:]:
    try:
        (Path(name) / "probe").write_text("")
        print(name)
    except OSError:
        pass
"""
# What is installed, what cds-service needs of it, and the modules without bytecode. The tests' own libraries come last
# on the path, for reading requirements only.
INVENTORY = """
import importlib.util, json, re, sys
from importlib.metadata import distributions
from pathlib import Path
site = Path(sys.argv[1])
sys.path += sys.argv[2:]
from packaging.requirements import Requirement
name = lambda each: re.sub(r"[-_.]+", "-", each).lower()
installed = {name(each.name): each.requires or [] for each in distributions(path=[str(site)])}
needed, left = set(), [("cds-service", "")]
while left:
    each = left.pop()
    needed.add(each)
    found = [Requirement(line) for line in installed[each[0]]]
    here = [one for one in found if not one.marker or one.marker.evaluate({"extra": each[1]})]
    left += [(name(one.name), extra) for one in here for extra in {"", *one.extras}]
    left = [one for one in left if one not in needed]
print(json.dumps({
    "installed": sorted(installed),
    "needed": sorted({each for each, _ in needed}),
    "without bytecode": [
        str(each) for each in site.rglob("*.py") if not Path(importlib.util.cache_from_source(each)).exists()
    ],
}))
"""


def context(folder: Path) -> Path:
    """The files that reach the build: nothing but what the Dockerfile copies, where it copies it to."""
    for source, target in copied(dockerfile()):
        there = folder / target / ("" if (ROOT / source).is_dir() else Path(source).name)
        there.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy2
        copy(ROOT / source, there)
    return folder


def build(folder: Path, target: Path | str, **more) -> subprocess.CompletedProcess:
    script = [folder / "docker" / "build.sh", target]
    return subprocess.run(script, env=os.environ | {"PYTHON": str(interpreter())}, cwd="/", **more)


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Iterator[Image]:
    with open_folder() as folder:
        placed = place(folder)
        build(context(tmp_path_factory.mktemp("context")), placed.prefix, check=True)
        yield placed


@contextlib.contextmanager
def serving(image: Image, log: Path) -> Iterator[tuple[int, subprocess.Popen]]:
    """The command of the image, on loopback."""
    command = [*exec_form(FINAL, "ENTRYPOINT"), *exec_form(FINAL, "CMD")]
    port = free_port()
    with log.open("wb") as told:
        process = image.start(*command, "--host", "127.0.0.1", "--port", str(port), stdout=told, stderr=told)
    try:
        yield port, process
    finally:
        process.kill()
        process.wait()


def health_check(image: Image, port: int, **more: str) -> int:
    """The exit code of the image's own health check, asked at another port."""
    command = [each.replace(str(PORT), str(port)) for each in exec_form(FINAL, "HEALTHCHECK")]
    with image.start(*command, stderr=subprocess.DEVNULL, **more) as process:
        return process.wait(timeout=20)


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    return {each: (each.lstat().st_mtime_ns, each.lstat().st_size) for each in folder.rglob("*")}


def test_what_is_built_serves_a_user_without_rights_and_writes_nothing(image, tmp_path):
    before = snapshot(image.prefix)
    with serving(image, tmp_path / "log") as (port, process):
        base = f"http://127.0.0.1:{port}"
        wait_for(base)
        assert Path(f"/proc/{process.pid}").stat().st_uid == (USER if os.geteuid() == 0 else os.geteuid())
        answer = requests.post(f"{base}/cds-services/ivig-order-select", json=request(condition("G61.81")), timeout=10)
        assert answer.status_code == 200
        (card,) = answer.json()["cards"]
        assert card["extension"]["org.cds-service.recommendations"][0]["disorder"] == "cidp"
        assert health_check(image, port) == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0, (tmp_path / "log").read_text()
        assert health_check(image, port) != 0
    assert snapshot(image.prefix) == before
    assert list(image.work.iterdir()) == []


def test_it_makes_the_tables_of_its_store(image):
    with image.start("cds-service", "db", "upgrade", stdout=subprocess.PIPE) as process:
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Up to date" in told


def test_nothing_to_install_with_and_nothing_more_than_is_needed_is_in_it(image):
    (site,) = image.prefix.glob("lib/python3.*/site-packages")
    ours = [path for path in sys.path if path.endswith("site-packages")]
    listing = [image.prefix / "bin" / "python", "-c", INVENTORY, site, *ours]
    inventory = json.loads(subprocess.run(listing, check=True, capture_output=True).stdout)
    assert inventory["installed"] == inventory["needed"]
    assert "pip" not in inventory["installed"]
    assert inventory["without bytecode"] == []
    assert not list(image.prefix.glob("bin/pip*"))


def test_it_can_be_read_by_all_and_written_by_its_owner_only(image):
    links = [each for each in image.prefix.rglob("*") if not each.is_symlink()]
    assert [each for each in links if each.stat().st_mode & 0o022 or not each.stat().st_mode & 0o004] == []


def test_where_the_service_runs_only_the_folder_to_write_to_can_be_written():
    with open_folder() as folder:
        placed = place(folder)
        folders = [str(each) for each in (folder, placed.work, "/usr", placed.scratch)]
        with placed.start(interpreter(), "-c", PROBE, *folders, stdout=subprocess.PIPE, text=True) as process:
            written = process.communicate()[0].split()
    allowed = [] if os.geteuid() == 0 else [str(folder)]
    assert written == [*allowed, str(placed.scratch)]


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 1), (503, 1)])
def test_the_health_check_asks_for_200_and_takes_no_proxy(status, code):
    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        asked = [each.replace(str(PORT), str(server.server_port)) for each in exec_form(FINAL, "HEALTHCHECK")[1:]]
        proxied = os.environ | {"http_proxy": f"http://127.0.0.1:{free_port()}"}
        assert subprocess.run([sys.executable, *asked], env=proxied, timeout=20).returncode == code
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("arguments", [[], [""], ["/usr"]])
def test_the_build_needs_a_folder_that_is_not_there(arguments):
    done = subprocess.run([DOCKER / "build.sh", *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert "build.sh" in done.stderr


@pytest.mark.parametrize(
    ("hashed", "told"), [("", "hashes are required"), (" --hash=sha256:" + "0" * 64, "do not match the hashes")]
)
def test_the_build_takes_no_library_but_the_locked_one(tmp_path, hashed, told):
    folder = context(tmp_path / "context")
    (folder / "requirements" / "serve.txt").write_text(f"click==8.5.1{hashed}")
    done = build(folder, tmp_path / "image", capture_output=True, text=True)
    assert done.returncode != 0
    assert told in done.stderr.lower()
    assert not list((tmp_path / "image").glob("lib/python3.*/site-packages/click"))
