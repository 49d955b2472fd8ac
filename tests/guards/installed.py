"""The released wheel in a virtual environment of its own: what a hospital has, made without network."""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path


def install(wheel: Path, folder: Path) -> Path:
    """Return the programs of a new environment that holds the wheel, and borrows its dependencies from this one."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True)
    (packages,) = (folder / "lib").glob("python*/site-packages")
    borrowed = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    (packages / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    return folder / "bin"


def environment(programs: Path) -> Mapping[str, str]:
    """Return the variables with which the programs of an environment are found, and no other cds-service is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "PYTHON", "GIT_"))}
    return kept | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
