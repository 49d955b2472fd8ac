"""The files of a git revision, in a folder of their own. Nothing of the repository itself is touched."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from cds_service.errors import SideError

FILE = "100"


def extract_revision(revision: str, folders: Iterable[str], into: Path) -> None:
    """Write the .json files of some folders of a revision below `into`.

    `revision` is a revision of the repository of the current folder, and means that folder; or REV:subfolder, from the
    top of the repository. Raises SideError when there is no git, no repository, no such revision or no such folder.
    """
    name, _, subfolder = revision.partition(":")
    top = Path(_git("rev-parse", "--show-toplevel").decode().strip())
    commit = _commit(name)
    inside = subfolder or _git("rev-parse", "--show-prefix").decode().strip()
    tree = f"{commit}:{inside.rstrip('/')}"
    listed = _git("ls-tree", "-r", "-z", tree, "--", *folders, at=top)
    _write(dict(_files(listed)), into, top)


def _commit(name: str) -> str:
    """Return the full number of a revision; a name that looks like an option is a name all the same."""
    try:
        return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").decode().strip()
    except SideError:
        reason = f"{name!r} is neither a folder, nor a Bundle file, nor a revision of this git repository."
        raise SideError(f"{reason} Name one of them, or fetch the revision.") from None


def _git(*arguments: str, at: Path | None = None, given: bytes = b"") -> bytes:
    program = shutil.which("git")
    if program is None:
        raise SideError("git is not installed, so no revision can be read. Install it, or name folders.")
    where = ["-C", str(at)] if at else []
    done = subprocess.run([program, *where, *arguments], input=given, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0] or "no such revision"
        raise SideError(f"git cannot read it: {said}. Name a folder, a Bundle file or a revision of this repository.")
    return done.stdout


def _files(listed: bytes) -> Iterable[tuple[PurePosixPath, str]]:
    """Return path and object of every .json file, as ls-tree lists them; links and modules are none."""
    for entry in listed.decode(errors="surrogateescape").split("\0"):
        about, _, path = entry.partition("\t")
        if about.startswith(FILE) and path.endswith(".json") and ".." not in PurePosixPath(path).parts:
            yield PurePosixPath(path), about.split()[2]


def _write(files: dict[PurePosixPath, str], into: Path, top: Path) -> None:
    held = _git("cat-file", "--batch", at=top, given="\n".join([*files.values(), ""]).encode())
    for path in files:
        head, _, rest = held.partition(b"\n")
        size = int(head.split()[2])
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(rest[:size])
        held = rest[size + 1 :]
