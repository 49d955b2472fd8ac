"""What the installed release of ICD-10-CM says of the codes that an edit adds or calls otherwise."""

from collections.abc import Iterable, Sequence

import click

from cds_service.codes.change import Change
from cds_service.codes.icd10cm import load_installed
from cds_service.codes.systems import ICD_10_CM
from cds_service.codes.validate import WRONG, Finding, Held, Means, validate
from cds_service.commands.authoring import what_to_install
from cds_service.core.coding import Code
from cds_service.errors import EditError, ExtraMissing, Problem

SHOWN = 20


def look_up_edits(changes: Iterable[Change]) -> list[Finding]:
    """Return which codes of ICD-10-CM that changes add the release does not have, or calls otherwise.

    Where no release is installed, which the service itself does without, says so and returns none.
    """
    held = [
        Held(change.source["id"], Code(system, concept["code"], concept["display"]))
        for change in changes
        for system, concept in change.named
        if system == ICD_10_CM
    ]
    try:
        means = Means([load_installed()] if held else [], {})
    except ExtraMissing as error:
        _tell_missing([each.code.code for each in held], error.package)
        return []
    return [each for each in validate(held, means).findings if each.kind in WRONG]


def refuse_unlisted(findings: Iterable[Finding]) -> None:
    """Raise EditError with the codes that the release does not have."""
    fix = "correct it, or give --unlisted if another release has it."
    unlisted = [each for each in findings if each.kind == "unknown"]
    problems = [Problem(each.value_set, each.code.code, f"{each.source} has no such code.", fix) for each in unlisted]
    if problems:
        raise EditError(problems)


def note_release(findings: Iterable[Finding]) -> None:
    """Print a note on each finding."""
    for each in findings:
        has_none = f"has no code {each.code.code}: see that it is one of another release."
        calls = f"calls {each.code.code} {each.said!r}, and not {each.code.display!r}."
        click.echo(f"Note: {each.source} {has_none if each.kind == 'unknown' else calls}", err=True)


def _tell_missing(codes: Sequence[str], package: str) -> None:
    more = f" and {len(codes) - SHOWN} more" if len(codes) > SHOWN else ""
    which = f"{', '.join(codes[:SHOWN])}{more} {'was' if len(codes) == 1 else 'were'} not looked up"
    click.echo(f"Note: {which} in a release of ICD-10-CM. {what_to_install(package)}", err=True)
