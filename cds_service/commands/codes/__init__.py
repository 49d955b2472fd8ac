"""cds-service codes: the codes of value sets, each command in a module that is imported when it is used."""

import click

from cds_service.commands.lazy import LazyGroup

COMMANDS = {
    "find": "cds_service.commands.codes.find:find",
    "add": "cds_service.commands.codes.edit:add",
    "remove": "cds_service.commands.codes.edit:remove",
    "export": "cds_service.commands.codes.sheets:export",
    "import": "cds_service.commands.codes.sheets:import_",
    "expand": "cds_service.commands.codes.expand:expand",
    "validate": "cds_service.commands.codes.validate:validate",
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def codes() -> None:
    """Find, edit, exchange, expand and validate the codes of value sets.

    \b
    Examples:
      cds-service codes find A00.1
      cds-service codes add my-set --system icd-10-cm --code A00.1 --display "..."
      cds-service codes export --xlsx codes.xlsx
    """
