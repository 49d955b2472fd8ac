"""The command line; each command stands in a module of commands/."""

import click

from cds_service import __version__
from cds_service.commands.lazy import LazyGroup

COMMANDS = {
    "serve": "cds_service.commands.serve:serve",
    "try": "cds_service.commands.try_request:try_",
    "explain": "cds_service.commands.explain:explain_",
    "check": "cds_service.commands.check:check",
    "diff": "cds_service.commands.diff:diff",
    "coverage": "cds_service.commands.coverage:coverage",
    "codes": "cds_service.commands.codes:codes",
    "case": "cds_service.commands.case:case",
    "new": "cds_service.commands.new:new",
    "bundle": "cds_service.commands.bundle:bundle",
    "db": "cds_service.commands.db:db",
    "feedback": "cds_service.commands.feedback:feedback",
    "keys": "cds_service.commands.keys:keys",
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cds-service")
def main() -> None:
    """CDS Hooks advice on immunoglobulin orders, from consensus statements kept as FHIR PlanDefinitions.

    \b
    Examples:
      cds-service serve --port 8000
      cds-service try request.json
      cds-service check --cases tests/cases
      cds-service diff HEAD .
    """


if __name__ == "__main__":
    main()
