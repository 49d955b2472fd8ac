"""The steps of a walk: read from the markdown as it is printed, and taken in a folder as a reader would take them.

A step is a line in bold that begins with one of STEPS, with what follows it up to the next: a fenced block or a table.
"""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

from cds_service.__main__ import main

BOLD = re.compile(r"^ *\*\*(.+)\*\*$", re.MULTILINE)
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^ *\| `(.+)` \| `(.+)` \|$", re.MULTILINE)


class Step(NamedTuple):
    """What the bold line says, the blocks below it as language and text, and the rows of the table below it."""

    says: str
    blocks: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]


def section(text: str, title: str) -> str:
    """Return a section of the third level."""
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title}"
    return found[1]


def steps_of(text: str) -> list[Step]:
    """Return the steps of a section; each fenced block in it belongs to one of them."""
    bold = list(BOLD.finditer(text))
    ends = [each.start() for each in bold[1:]] + [len(text)]
    found = [Step(each[1], *_below(text[each.end() : end])) for each, end in zip(bold, ends, strict=True)]
    assert sum(len(each.blocks) for each in found) * 2 == len(re.findall(r"^ *```", text, re.MULTILINE))
    return found


def _below(text: str) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    blocks = [(found[2], re.sub(f"^{found[1]}", "", found[3], flags=re.MULTILINE)) for found in FENCE.finditer(text)]
    return tuple(blocks), tuple(ROW.findall(text))


def take(step: Step, folder: Path) -> None:
    """Take one step in a folder; an AssertionError says how it cannot be taken."""
    for pattern, action in STEPS.items():
        if found := re.fullmatch(pattern, step.says):
            return action(step, folder, *found.groups())
    raise AssertionError(f"no step is called {step.says!r}")


def _run(step: Step, folder: Path) -> None:
    (language, command), (answer_language, answer) = step.blocks
    assert (language, answer_language) == ("sh", "text")
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    assert program == "cds-service"
    output = CliRunner().invoke(main, arguments, catch_exceptions=False).output
    told = ".*".join(re.escape(part) for part in answer.strip("\n").split("…"))
    assert re.fullmatch(told, output.rstrip("\n"), re.DOTALL), f"{command} answers:\n{output}"


def _save(step: Step, folder: Path, name: str) -> None:
    ((language, text),) = step.blocks
    assert language == "json"
    assert json.loads(text)
    assert not (folder / name).exists(), f"{name} is there already"
    (folder / name).write_text(text)


def _copy(step: Step, folder: Path, source: str, target: str) -> None:
    assert not (folder / target).exists(), f"{target} is there already"
    shutil.copyfile(folder / source, folder / target)


def _replace(step: Step, folder: Path, every: str | None, name: str) -> None:
    files = sorted((folder / name).rglob("*.json")) if every else [folder / name]
    assert step.rows
    for this, by_this in step.rows:
        holding = [path for path in files if this in path.read_text()]
        assert holding, f"{this} is nowhere in {name}"
        for path in holding:
            path.write_text(path.read_text().replace(this, by_this))


def _add(step: Step, folder: Path, name: str, to: str, of: str | None) -> None:
    ((language, text),) = step.blocks
    assert language == "json"
    source = json.loads((folder / name).read_text())
    holders = [each for each in _named(source, of) if of or to in each]
    assert len(holders) == 1, f"{len(holders)} places in {name} are called {to} of {of}"
    holders[0].setdefault(to, []).append(json.loads(text))
    (folder / name).write_text(json.dumps(source, indent=2, ensure_ascii=False) + "\n")


def _named(value: Any, name: str | None, key: str = "") -> Iterator[dict[str, Any]]:
    """Return the objects that are called a name: by their id, their code or their key; all objects without one."""
    if isinstance(value, dict):
        if name is None or name in (value.get("id"), value.get("code"), key):
            yield value
        for inner, each in value.items():
            yield from _named(each, name, inner)
    elif isinstance(value, list):
        for each in value:
            yield from _named(each, name)


STEPS = {
    r"Run:": _run,
    r"Save as `(.+)`:": _save,
    r"Copy `(.+)` to `(.+)`\.": _copy,
    r"In (every file of )?`(.+)`, replace:": _replace,
    r"In `(.+?)`, add to `(\w+)`(?: of `(.+)`)?:": _add,
}
