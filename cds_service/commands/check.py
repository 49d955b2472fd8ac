"""cds-service check: the knowledge, and with its cases what it answers."""

from pathlib import Path

import click

from cds_service.cases.read import read_cases
from cds_service.cases.run import check_cases
from cds_service.commands.options import FOLDER, fail, knowledge_options, read_or_exit, settings_of, told_place
from cds_service.errors import KnowledgeError


@click.command()
@knowledge_options
@click.option("--cases", type=FOLDER, help="Folder of golden cases; each is run, and coverage is checked.")
def check(plandefinitions: Path | None, valuesets: Path | None, bundle: str | None, cases: Path | None) -> None:
    """Check the knowledge, and with --cases what it answers. All problems are listed at once.

    The answer says which knowledge was checked.
    Exit code 0: no problem; 1: problems, each with file, path, reason and fix.

    \b
    Example:
      cds-service check --plandefinitions plandefinitions --valuesets valuesets --cases tests/cases
    """
    golden, problems = read_cases(cases) if cases else ({}, [])
    settings = settings_of(plandefinitions, valuesets, bundle)
    _, knowledge = read_or_exit(settings, problems)
    summary = f"{len(knowledge.all_plans)} plans, {len(knowledge.terminology.value_sets)} value sets"
    summary += f" {told_place(settings)}"
    if cases:
        problems += check_cases(knowledge, golden) if golden else []
        if problems:
            fail(KnowledgeError(problems))
        summary += f", {len(golden)} cases"
    click.echo(f"No problems: {summary}.")
