"""A guideline from the command line, and its blanks filled from a table as a person would fill them."""

import json
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from cds_service.__main__ import main

BASE = "https://hospital.example.org/fhir"
ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text())


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def scaffold(folder: Path, *more: str, name: str = "lotion", disorder: str = "example-rash"):
    return run("new", "guideline", name, "--disorder", disorder, "--base", BASE, "--into", folder, *more)


def check(folder: Path):
    places = {name: folder / name for name in ("plandefinitions", "valuesets", "cases")}
    return run("check", *(part for name, place in places.items() for part in (f"--{name}", place)))


def fill(folder: Path, answers: Mapping[str, str] = ANSWERS) -> None:
    """Replace each blank that the table has an answer for, in all files: no more than search and replace."""
    for path in folder.rglob("*.json"):
        text = path.read_text()
        for belongs, answer in answers.items():
            text = text.replace(f'"TO-FILL: {belongs}"', json.dumps(answer))
        path.write_text(text)
