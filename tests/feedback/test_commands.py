"""cds-service db and cds-service feedback: what is printed, and exit codes."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from cds_service.commands.db import db
from cds_service.commands.feedback import feedback
from tests.store.stores import Opened, accepted, card, overridden


@pytest.fixture
def run(monkeypatch):
    def run_at(url, group, *arguments):
        monkeypatch.setenv("CDS_DATABASE_URL", url)
        return CliRunner().invoke(group, arguments, catch_exceptions=False)

    return run_at


@pytest.mark.parametrize(
    ("group", "arguments"), [(db, []), (db, ["upgrade"]), (db, ["state"]), (feedback, []), (feedback, ["report"])]
)
def test_every_help_has_an_example(group, arguments):
    output = CliRunner().invoke(group, [*arguments, "--help"]).output
    assert "cds-service " in output.split("Example")[1]


def test_the_upgrade_makes_the_tables_and_the_state_says_so(database_url, run):
    before = run(database_url, db, "state")
    assert (before.exit_code, before.output.split(": ")[0]) == (1, "schema-missing")
    for _ in range(2):
        upgraded = run(database_url, db, "upgrade")
        assert (upgraded.exit_code, upgraded.output.split(": ")[0]) == (0, "Up to date")
    after = run(database_url, db, "state")
    assert (after.exit_code, after.output.split(": ")[0]) == (0, "ok")


def test_looking_makes_no_file(tmp_path, run):
    url = f"sqlite:///{tmp_path}/x.sqlite3"
    assert run(url, db, "state").exit_code == 1
    result = run(url, feedback, "report")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "run cds-service db upgrade" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_report_of_a_server_without_tables_says_what_to_do(postgres_url, run):
    result = run(postgres_url, feedback, "report")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "run cds-service db upgrade" in result.stderr


def test_the_report(database_url, run):
    run(database_url, db, "upgrade")
    assert run(database_url, feedback, "report").output == "No cards and no feedback are stored for this.\n"
    first, second = (f"11111111-2222-4333-8444-{number:012}" for number in (1, 2))
    midnight = datetime(2026, 11, 18, tzinfo=UTC).timestamp()
    opened = Opened(database_url)
    opened.store.record_cards([card(first, issued_at=midnight - 1), card(second, issued_at=midnight)])
    opened.store.add_feedback([accepted(first)], None, "s", midnight - 1)
    opened.store.add_feedback([overridden(second)], None, "s", midnight)
    opened.store.close()
    table = run(database_url, feedback, "report")
    assert table.exit_code == 0
    assert "r               1.0           2         2         1           1  50.0%" in table.output
    rows = run(database_url, feedback, "report", "--csv", "--since", "2026-11-18", "--service", "s").output.splitlines()
    assert rows[1].startswith("r,http://x/p,1.0,1,1,0,1,0.0000,")
    assert len(rows) == 2
    assert run(database_url, feedback, "report", "--service", "t").output.startswith("No cards")


@pytest.mark.parametrize("arguments", [(db, "upgrade"), (db, "state"), (feedback, "report")])
@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("postgresql://cds:secret@127.0.0.1:1/cds?password=secret", 1, "cannot be reached"),
        ("mysql://cds:secret@127.0.0.1:1/cds", 2, "Settings: CDS_DATABASE_URL"),
        ("secret", 2, "Settings: CDS_DATABASE_URL"),
        ("sqlite:////nowhere/at/all/x.sqlite3", 1, "folder /nowhere/at/all of the store is not there"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_sentence_without_the_password(run, arguments, url, code, says):
    result = run(url, *arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "secret" not in result.output + result.stderr


def test_a_wrong_setting_and_a_wrong_day_are_usage_errors(database_url, run, monkeypatch):
    assert run(database_url, feedback, "report", "--since", "yesterday").exit_code == 2
    monkeypatch.setenv("CDS_NO_SUCH", "1")
    result = run(database_url, db, "state")
    assert (result.exit_code, result.stderr.startswith("Settings: CDS_NO_SUCH")) == (2, True)
