"""cds-service coverage: what the golden cases exercise, and which concepts no case would miss."""

import gc
import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cds_service.cases.coverage import ConceptUse, Coverage, SetUse, find_coverage
from cds_service.cases.removal import Member
from cds_service.commands.authoring import needing_authoring
from cds_service.commands.options import (
    FOLDER,
    cases_or_exit,
    fail,
    knowledge_options,
    read_or_exit,
    settings_of,
)
from cds_service.errors import KnowledgeError
from cds_service.knowledge.check_action import OVERRIDE_REASONS
from cds_service.knowledge.load import KnowledgeBase

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

BAR = 24


@click.command()
@knowledge_options
@click.option("--cases", type=FOLDER, help="Folder of golden cases; default: tests/cases, if it is there.")
@click.option("--value-set", "wanted", metavar="ID", help="List the concepts of one value set.")
@click.option("--quick", is_flag=True, help="Take no concept out: tell what is exercised, not what is missed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, every concept included.")
def coverage(
    plandefinitions: Path | None,
    valuesets: Path | None,
    bundle: str | None,
    cases: Path | None,
    wanted: str | None,
    quick: bool,
    as_json: bool,
) -> None:
    """Tell which actions, value sets and concepts the golden cases exercise, and which concepts no case would miss.

    An action is exercised when a case fires it, and shown silent when a case names its plan as silent or fires
    another action of the plan. A concept is exercised when a question asked of a case found a record by its code,
    or by its name where a text counts; a value set, when one of its concepts is. A concept is missed when some case
    fails once it is taken out of its value set. Nothing is written.

    Exit code 0: told; 1: the knowledge has problems, or a case fails as it is; 2: usage or settings.

    \b
    Examples:
      cds-service coverage --cases tests/cases
      cds-service coverage --value-set units
      cds-service coverage --json > coverage.json
    """
    console = _console()
    _, knowledge = read_or_exit(settings_of(plandefinitions, valuesets, bundle))
    only = _url(knowledge, wanted) if wanted else None
    golden = cases_or_exit(cases)
    gc.freeze()  # each concept taken out makes new indexes: the collector need not walk what stays as it is
    try:
        found = find_coverage(knowledge, golden, only, quick, partial(_watched, console))
    except KnowledgeError as error:
        fail(error)
    click.echo(json.dumps(to_json(found), indent=2, ensure_ascii=False)) if as_json else _show(found, only)


def _console() -> "Console":
    with needing_authoring():
        from rich.console import Console
    return Console(stderr=True)


def _url(knowledge: KnowledgeBase, wanted: str) -> str:
    """Return the url of a value set of that id or url; exits with 2 and names those of like spelling."""
    urls = [each for each in knowledge.terminology.value_sets if each != OVERRIDE_REASONS]
    by_name = {each.rpartition("/")[2]: each for each in urls} | {each: each for each in urls}
    if wanted in by_name:
        return by_name[wanted]
    close = get_close_matches(wanted, by_name, n=3)
    hint = f" Is it {' or '.join(close)}?" if close else " cds-service coverage --quick lists all of them."
    raise click.UsageError(f"There is no value set {wanted} in which records are looked up.{hint}")


def _watched(console: "Console", members: Sequence[Member]) -> Iterable[Member]:
    from rich.progress import track

    return track(members, "Taking concepts out", console=console, transient=True, disable=not console.is_terminal)


def to_json(found: Coverage) -> dict[str, Any]:
    """Return the coverage as JSON; `missed` and `missedBy` are left out where no concept was taken out."""
    spoken = [each for each in found.actions if not each.is_suggestion]
    offered = [each for each in found.actions if each.is_suggestion]
    concepts = [each for used in found.sets for each in used.concepts]
    counted = {"total": len(concepts), "exercised": sum(len(each.exercised) for each in found.sets)}
    return {
        "cases": found.cases,
        "actions": {
            "total": len(spoken),
            "fired": sum(bool(each.fired_by) for each in spoken),
            "shownSilent": sum(bool(each.silent_in) for each in spoken),
            "neverFired": [each.action for each in spoken if not each.fired_by],
            "neverShownSilent": [each.action for each in spoken if not each.silent_in],
        },
        "suggestions": {
            "total": len(offered),
            "offered": sum(bool(each.fired_by) for each in offered),
            "neverOffered": [each.action for each in offered if not each.fired_by],
        },
        "valueSets": {"total": len(found.sets), "exercised": sum(bool(each.exercised) for each in found.sets)},
        "concepts": counted | ({"missed": sum(len(each.missed) for each in found.sets)} if found.looked else {}),
        "sets": [
            {"id": each.id, "url": each.url, "concepts": [_concept(use) for use in each.concepts]}
            for each in found.sets
        ],
    }


def _concept(use: ConceptUse) -> dict[str, str]:
    told = {"exercisedBy": use.exercised_by, "missedBy": use.missed_by}
    return use.member.code._asdict() | {key: name for key, name in told.items() if name}


def _show(found: Coverage, only: str | None) -> None:
    from rich.console import Console

    console = Console()
    if only is None:
        console.print(_summary(found), _sets(found))
    for each in found.sets if only else ():
        console.print(_concepts(each, found.looked))


def _summary(found: Coverage) -> "Table":
    told = to_json(found)
    actions, offers, sets, concepts = (told[name] for name in ("actions", "suggestions", "valueSets", "concepts"))
    rows = [
        ("actions fired", actions["fired"], actions["total"], actions["neverFired"]),
        ("actions shown silent", actions["shownSilent"], actions["total"], actions["neverShownSilent"]),
        ("suggestions offered", offers["offered"], offers["total"], offers["neverOffered"]),
        (
            "value sets exercised",
            sets["exercised"],
            sets["total"],
            [each.id for each in found.sets if not each.exercised],
        ),
        ("concepts exercised", concepts["exercised"], concepts["total"], []),
    ]
    if found.looked:
        rows.append(("concepts missed", concepts["missed"], concepts["total"], []))
    table = _table(f"What {found.cases} cases exercise", "", "of all", "not")
    for name, number, total, lacking in rows:
        table.add_row(name, f"{number}/{total}", ", ".join(lacking))
    return table


def _sets(found: Coverage) -> "Table":
    missed = ["missed"] if found.looked else []
    table = _table("Concepts by value set", "value set", "exercised", *missed, "")
    table.caption = "█ missed  ▒ exercised  ░ neither"
    table.columns[0].no_wrap = True
    for each in found.sets:
        total, exercised = len(each.concepts), len(each.exercised)
        numbers = [f"{exercised}/{total}", *([f"{len(each.missed)}/{total}"] if found.looked else [])]
        table.add_row(each.id, *numbers, _bar(len(each.missed), exercised, total))
    return table


def _bar(missed: int, exercised: int, total: int) -> str:
    """Return a bar of the shares; what is above zero shows."""
    full, part = (-(-BAR * number // (total or 1)) for number in (missed, exercised))
    return "█" * full + "▒" * (part - full) + "░" * (BAR - part)


def _concepts(used: SetUse, looked: bool) -> "Table":
    table = _table(used.url, "code", "display", "exercised by", *(["missed by"] if looked else []))
    for each in used.concepts:
        code = each.member.code
        cases = [each.exercised_by or "no case", *([each.missed_by or "no case"] if looked else [])]
        table.add_row(code.code, code.display, *cases)
    return table


def _table(title: str, *columns: str) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left")
    for each in columns:
        table.add_column(escape(each), overflow="fold")
    return table
