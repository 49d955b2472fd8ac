"""Running what was built as the image would run it.

Where the tests run as root on Linux, the service gets a file system of its own view: read-only, with fresh /tmp and
/dev/shm, and a user without any rights. Elsewhere it runs as the user of the tests.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docker.files import USER, dockerfile, environment, instructions

FINAL = instructions(dockerfile())[-1]
JAIL = f"""
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -o remount,bind,ro /
exec setpriv --reuid={USER} --regid={USER} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs -- "$@"
"""
UNSHARE = ["unshare", "--mount", "--propagation=private", "sh", "-euc", JAIL, "jail"]


def reachable(python: Path) -> bool:
    """Whether a user without rights can run it, and it can make virtual environments."""
    open_to_all = all(folder.stat().st_mode & 0o001 for folder in python.parents)
    asked = [python, "-c", "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"]
    return open_to_all and subprocess.run(asked, capture_output=True).returncode == 0


def interpreter() -> Path:
    candidates = [Path(sys.executable).resolve(), Path("/usr/bin/python3")]
    if os.geteuid() != 0:
        return candidates[0]
    found = [each for each in candidates if each.exists() and reachable(each.resolve())]
    return found[0] if found else pytest.skip("no Python 3.11 that a user other than root could run")


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that any user can read, outside /tmp: pytest's own are closed, and the jail has another /tmp."""
    folder = Path(tempfile.mkdtemp(prefix="cds-service-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Image:
    """What was built, an empty folder to run from, and a folder to write to."""

    prefix: Path
    work: Path
    scratch: Path
    wrapper: list[str]
    user: dict

    def environment(self) -> dict[str, str]:
        """What the Dockerfile sets, at the place where the test built, and a store that can be written."""
        told = {name: value.replace("/opt/cds-service", str(self.prefix)) for name, value in environment(FINAL).items()}
        path = told["PATH"].replace("$PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        own = {"PATH": path, "HOME": str(self.scratch), "TMPDIR": str(self.scratch)}
        return told | own | {"CDS_DATABASE_URL": f"sqlite:///{self.scratch}/cds-service.sqlite3"}

    def start(self, *command: str, **more) -> subprocess.Popen:
        return subprocess.Popen(
            [*self.wrapper, *command],
            cwd=self.work,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            **self.user,
            **more,
        )


def confinement() -> tuple[list[str], dict]:
    if os.geteuid() != 0:
        return [], {}
    with contextlib.suppress(FileNotFoundError):
        if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0:
            return UNSHARE, {}
    return [], {"user": USER, "group": USER, "extra_groups": []}


def place(folder: Path) -> Image:
    wrapper, user = confinement()
    for name, mode in (("work", 0o555), ("scratch", 0o777)):
        (folder / name).mkdir()
        (folder / name).chmod(mode)
    scratch = Path("/tmp") if wrapper else folder / "scratch"
    return Image(folder / "image", folder / "work", scratch, wrapper, user)
