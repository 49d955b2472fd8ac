"""L: system actions, of which the service sends none."""

from tests.contract.walk import values


def test_L1_no_system_action_is_sent_here_or_where_old_clients_look(answers):
    for call in answers:
        assert "systemActions" not in call.body
        assert "systemActions" not in call.body.get("extension", {})


def test_L3_nothing_is_changed_that_a_clinician_did_not_choose(answers):
    for call in answers:
        holders = {path for path, value in values(call.body) if isinstance(value, dict) and "actions" in value}
        assert all(".suggestions." in path for path in holders), call.name
        assert call.status != 200 or set(call.body) <= {"cards", "extension"}
