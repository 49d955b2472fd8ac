"""cds-service explain: what a person reads, what a program reads, and exit codes."""

import json
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner

from cds_service.__main__ import main
from cds_service.app import real_effects
from cds_service.settings import read_settings
from tests.golden import CASES
from tests.requests import ASPIRIN, bundle, condition, order, request
from tests.test_command_line import loaded, write

__all__ = ["loaded"]
pytestmark = pytest.mark.usefixtures("loaded")

ON = ("--today", "2026-11-22")


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments, **more):
    return CliRunner().invoke(main, ["explain", *map(str, arguments)], catch_exceptions=False, **more)


@pytest.fixture
def explain(tmp_path):
    """A function that explains a request, by default one with CIDP."""

    def explain(*options, body=None):
        return run(*options, write(tmp_path / "r.json", body or request(condition("G61.81"), condition("Z99.9", "c2"))))

    return explain


def section(output, title):
    """Return the lines of a section of the overview."""
    after = output.split(title, 1)[1].splitlines()[1:]
    return "\n".join(after[: next((i for i, line in enumerate(after) if line.startswith(("├── ", "└── "))), None)])


def test_what_fired_stands_first_with_the_record_and_the_value_set(explain):
    result = explain()
    assert result.exit_code == 0
    fired = section(result.output, "FIRED")
    assert "recommendation cidp: recommended, class I  cidp#recommend" in fired
    assert (
        "Condition/c1 G61.81 (Chronic inflammatory demyelinating polyneuritis) is in cidp|2026.1 by its code" in fired
    )
    assert result.output.index("FIRED") < result.output.index("SILENT")


def test_what_was_read_is_told_with_the_value_sets_that_hold_it(explain):
    read = section(explain().output, "READ")
    assert "%problems: Condition/c1 G61.81 [cidp]; Condition/c2 Z99.9 [no value set]" in read


def test_what_nearly_fired_says_what_it_lacks_and_the_rest_is_a_list(explain):
    output = explain().output
    near = section(output, "SILENT, though something of it was found")
    assert "igm-paraprotein-neuropathy#recommend" in near
    assert "none of 2 %problems is in monoclonal-gammopathy|2026.1" in near
    rest = section(output, "SILENT, and nothing of it was found")
    assert "gbs-adult, mmn" in rest
    assert "cidp" not in rest.split(", ")


def creatinine(value, unit="umol/L", **more):
    """A request with a creatinine three weeks before ON."""
    measured = {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
    coded = {"coding": [{"system": "http://loinc.org", "code": "14682-9"}]}
    lab = {"resourceType": "Observation", "id": "l1", "status": "final", "code": coded, "valueQuantity": measured}
    lab |= {"subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-11-01"}
    body = request(condition("G61.81"))
    body["prefetch"]["observations"] = bundle(lab | more)
    return body


def test_a_normal_result_is_said_to_be_below_the_limit_of_its_own_unit(explain):
    near = section(explain(*ON, body=creatinine(90)).output, "SILENT, though something of it was found")
    assert "came near, but value > 133 'umol/L' (90 umol/L against 133 umol/L) is false" in near
    assert "mg/dL" not in near


RESOLVED = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}


def test_what_was_sent_and_does_not_count_is_told_with_the_reason_where_it_is_missed(explain):
    body = creatinine(212, status="entered-in-error")
    body["prefetch"]["conditions"] = bundle(condition("G61.81", **RESOLVED))
    output = explain(*ON, body=body).output
    read = section(output, "READ")
    diagnosis, result = (
        "Condition/c1 G61.81, clinicalStatus resolved",
        "Observation/l1 14682-9 = 212 umol/L of 2026-11-01",
    )
    assert f"left out: {diagnosis} [cidp]" in read
    assert f"left out: {result}, status entered-in-error [creatinine]" in read
    near = section(output, "SILENT, though something of it was found")
    assert f"left out: {diagnosis}\n" in near.split("cidp#recommend")[1].split("recommendation")[0]
    renal = explain(*ON, "--only", "renal-insufficiency", body=body).output
    assert f"left out: {result}, status entered-in-error\n" in section(renal, "SILENT risk renal-risk")
    assert diagnosis not in section(renal, "SILENT risk renal-risk")


def test_of_many_that_do_not_count_the_first_are_told_and_how_many_more(explain):
    read = section(explain(body=request(*(condition("Z99.9", f"c{i}", **RESOLVED) for i in range(15)))).output, "READ")
    assert read.count("left out: ") == 12
    assert "and 3 more left out; --json names all" in read


def test_a_code_under_a_system_that_is_not_loaded_is_told_with_the_system(explain):
    coded = [{"system": "urn:oid:1.2.3", "code": "G61.81"}, {"code": "7"}]
    read = section(explain(body=request(condition("x") | {"code": {"coding": coded}})).output, "READ")
    why = "none that is loaded uses the system urn:oid:1.2.3, its code names no system"
    assert f"Condition/c1 G61.81 7 [no value set: {why}]" in read


def test_a_result_that_fired_is_told_with_its_value_and_the_limit(explain):
    fired = section(explain(*ON, body=creatinine(212)).output, "FIRED")
    assert (
        "14682-9 (Creatinine [Moles/volume] in Serum or Plasma) = 212 umol/L of 2026-11-01 is in creatinine|" in fired
    )
    assert "value > 133 'umol/L' (212 umol/L against 133 umol/L)" in fired
    assert "1.5 'mg/dL'" not in fired
    ranged = {"referenceRange": [{"high": {"value": 104, "unit": "umol/L", "code": "umol/L"}}]}
    fired = section(explain(*ON, body=creatinine(120, **ranged)).output, "FIRED")
    assert "= 120 umol/L of 2026-11-01 is in creatinine|" in fired
    assert "positive by its interpretation, value or reference range (positive-result|" in fired


def test_no_placeholder_stands_in_a_title_or_note(explain):
    for options in ((), ("--all",), ("--only", "cidp"), ("--json",)):
        output = explain(*options).output
        assert "{{" not in output
    fired = section(explain().output, "FIRED")
    assert "Record Chronic inflammatory demyelinating polyneuritis as the reason for this order" in fired
    assert "Record [matched] as the reason for this order" in explain("--all").output


def test_negations_are_told_plainly(explain):
    whole = explain(*ON, "--only", "renal-insufficiency", body=creatinine(90)).output
    assert "true no interpretation is given" in whole
    assert "true no referenceRange is given" in whole
    assert "false positive by its interpretation, value or reference range (positive-result|" in whole
    assert "true not" not in whole
    assert "(90 umol/L against 1.5 mg/dL): one unit cannot be converted into the other" in whole
    ranged = creatinine(90, referenceRange=[{"high": {"value": 104, "unit": "umol/L", "code": "umol/L"}}])
    near = section(explain(*ON, body=ranged).output, "SILENT, though something of it was found")
    assert "came near, but not positive by its interpretation, value or reference range (positive-result|" in near
    assert "; referenceRange is given" in near


def weighed(day, unit="g/kg", value=0.4):
    """A request for a dose on each of five days, with a weight of a day."""
    amount = {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
    daily = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "count": 5}}
    body = request(condition("G61.81"), orders=[order(dosageInstruction=[{"doseQuantity": amount, "timing": daily}])])
    coded = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
    kilograms = {"value": 70, "unit": "kg", "code": "kg", "system": "http://unitsofmeasure.org"}
    lab = {"resourceType": "Observation", "id": "w1", "status": "final", "code": coded, "valueQuantity": kilograms}
    body["prefetch"]["vitals"] = bundle(lab | {"subject": {"reference": "Patient/p1"}, "effectiveDateTime": day})
    return body


def test_a_weight_that_is_too_old_is_told_with_its_date_and_the_limit(explain):
    too_old = "the newest weight is of 2024-01-01, more than 90 days before the order"
    output = explain(*ON, body=weighed("2024-01-01", "g", 30)).output
    assert f"nothing is known of %dose.weight: {too_old}" in section(output, "FIRED")
    unknown = section(output, "UNKNOWN, AND SO SILENT")
    assert f"nothing is known of %dose.outcome: {too_old}" in unknown
    only = explain(*ON, "--only", "weight-missing", "--json", body=weighed("2024-01-01", "g", 30)).output
    assert f'"because": "{too_old}"' in only


def test_what_is_not_known_of_a_dose_says_what_is_lacking(explain):
    assert "%dose.outcome: the order gives no dose" in explain(*ON, body=request(condition("G61.81"))).output
    output = explain(*ON, body=weighed("2026-11-20")).output
    assert "%dose.bodyMassIndex: no usable height is recorded" in output
    assert "%dose.weight:" not in output


def test_data_that_did_not_come_is_told(explain):
    body = request(condition("G61.81"))
    del body["prefetch"]["medications"]
    output = explain(body=body).output
    assert "Not available: medications" in output
    unknown = section(output, "UNKNOWN, AND SO SILENT")
    assert "%medications: the data was not available" in unknown
    assert "fcrn-inhibitor-interaction" in unknown


@pytest.mark.parametrize("key", ["mmn", "mmn#recommend"])
def test_only_shows_every_part_of_one(explain, key):
    output = explain("--only", key).output
    assert "SILENT recommendation mmn" in output
    assert "false none of 2 %problems is in mmn|2026.1" in output
    assert "cidp#recommend" not in output


def test_only_can_be_given_again_and_by_risk_plan_or_action(explain):
    output = explain("--only", "age-over-65", "--only", "renal-risks", "--only", "daily-dose").output
    assert "false %patient.birthDate < %orderDate - 65 years (1970-05-17 against " in output
    assert "renal-risks#sepsis" in output
    assert "thrombosis-risks#daily-dose" in output


def test_only_of_what_is_not_there_says_what_is(explain):
    result = explain("--only", "cipd")
    assert result.exit_code == 2
    assert "Nothing is called cipd. Did you mean cidp" in result.output
    assert "--all lists what there is" in explain("--only", "xxxxxxxxxxxx").output


def test_all_shows_the_groups_too(explain):
    output = explain("--all").output
    assert "TAKEN group recommendations  ivig-orders#recommendations" in output
    assert "NOT ASKED suggestion add-reason  mmn#add-reason" in output


@pytest.mark.parametrize("options", [(), ("--all",), ("--only", "cidp")])
def test_an_order_of_something_else_is_said(explain, options):
    output = explain(*options, body=request(orders=[order(ASPIRIN)])).output
    assert "The service is not about this order" in output
    assert "%order.code.memberOf('ivig-intravenous|" in output


def test_a_request_without_an_order_is_said(explain):
    result = explain(body=request(orders=[order(status="cancelled")]))
    assert result.exit_code == 0
    assert "No draft order is in scope" in result.output
    assert "1 draft order(s)" in result.output


def test_text_of_a_record_is_not_taken_for_markup(explain):
    body = request(condition("[red]x", "c1"), condition("G61.81", "c2"))
    output = explain(body=body).output
    assert "Condition/c1 [no value set]" in output
    assert "Condition/c2 G61.81 [cidp]" in output


def test_json_is_the_whole_and_the_same_every_time(explain):
    one, other = explain("--json"), explain("--json")
    assert one.output == other.output
    (told,) = json.loads(one.output)["orders"]
    assert "cidp#recommend" in told["fired"]
    assert told["actions"][0]["actions"]


def test_json_of_one_action_is_a_list_of_that_one(explain):
    (told,) = json.loads(explain("--json", "--only", "cidp#recommend").output)["orders"]
    assert [(each["action"], each["outcome"]) for each in told["actions"]] == [("cidp#recommend", "fired")]
    assert "actions" not in told["actions"][0]


def test_standard_input_is_read():
    result = run("-", input=json.dumps(request(condition("G61.81"))))
    assert "recommendation cidp" in result.output


@pytest.fixture
def without_rich(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich" or "explain_" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)


def test_without_rich_the_tree_names_what_to_install_and_json_still_works(without_rich, explain):
    result = explain()
    assert result.exit_code == 2
    assert result.output == "This needs rich. Install it: pip install 'cds-service[authoring]'. --json does without.\n"
    assert json.loads(explain("--json").output)["orders"]


# Golden cases, and the day

OF_AGE = "risk-age-the-day-after-the-65th-birthday-is-over-65"


def of_age(result):
    """Return the day that is explained, and whether the patient was too old on it."""
    told = json.loads(result.output)
    return told["today"], "thrombosis-risks#age-over-65" in told["orders"][0]["fired"]


def case_file(root, name, service="ivig-order-select"):
    return root / "tests" / "cases" / service / f"{name}.json"


def test_a_case_is_explained_on_its_day(root):
    path = case_file(root, OF_AGE)
    assert of_age(run("--json", path)) == (CASES[f"ivig-order-select/{OF_AGE}"].today.isoformat(), True)
    heading = run(path).output.splitlines()[0]
    assert heading.startswith("ivig-order-select ")
    assert heading.endswith(f", on {CASES[f'ivig-order-select/{OF_AGE}'].today}")


def test_the_day_may_be_given_for_a_case_and_for_a_request(root, explain):
    day_before = CASES[f"ivig-order-select/{OF_AGE}"].today - timedelta(days=1)
    assert of_age(run("--json", "--today", day_before, case_file(root, OF_AGE))) == (str(day_before), False)
    body = CASES[f"ivig-order-select/{OF_AGE}"].request
    assert of_age(explain("--json", "--today", day_before, body=body)) == (str(day_before), False)
    assert of_age(explain("--json", "--today", "2099-01-01", body=body)) == ("2099-01-01", True)


def test_a_request_is_explained_today(explain):
    today = real_effects(read_settings().timezone).today
    before, told, after = today(), json.loads(explain("--json").output)["today"], today()
    assert before.isoformat() <= told <= after.isoformat()


def test_a_day_that_is_none_is_said(explain):
    result = explain("--today", "tomorrow")
    assert result.exit_code == 2
    assert "does not match the format '%Y-%m-%d'" in result.output


def service_of(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.output)["service"]


def test_a_case_is_explained_by_the_service_of_its_folder(root, monkeypatch):
    path = case_file(root, "ibm-is-not-recommended", "ivig-order-sign")
    assert service_of(run("--json", path)) == "ivig-order-sign"
    monkeypatch.chdir(path.parent)
    assert service_of(run("--json", path.name)) == "ivig-order-sign"


def test_a_case_in_another_folder_or_on_standard_input_is_explained_by_the_usual_or_the_named_service(root, tmp_path):
    selected, signed = case_file(root, OF_AGE), case_file(root, "ibm-is-not-recommended", "ivig-order-sign")
    copy = tmp_path / "copy.json"
    copy.write_bytes(selected.read_bytes())
    assert service_of(run("--json", copy)) == "ivig-order-select"
    assert service_of(run("--json", "-", input=selected.read_bytes())) == "ivig-order-select"
    assert (
        service_of(run("--json", "--service", "ivig-order-sign", "-", input=signed.read_bytes())) == "ivig-order-sign"
    )
    wrong = run("--service", "ivig-order-select", signed)
    assert (wrong.exit_code, "This service answers the hook order-select" in wrong.output) == (3, True)


def test_a_case_that_is_none_is_told_as_check_does(root, tmp_path):
    case = json.loads(case_file(root, OF_AGE).read_text())
    del case["why"]
    result = run(write(tmp_path / "case.json", case))
    assert result.exit_code == 1
    assert result.output == (
        "case.json: -: Object missing required field `why`. Fix: see tests/cases/case.schema.json.\n1 problem(s).\n"
    )
    case |= {"why": {"statement": "s", "section": "s", "says": "s"}, "error": {"status": 400}}
    assert "expects both or neither" in run(write(tmp_path / "case.json", case)).output


def test_a_case_of_a_refused_request_says_why_it_is_refused(root):
    result = run(case_file(root, "conditions-as-an-operation-outcome-are-refused-as-412"))
    assert (result.exit_code, result.output[:9]) == (3, "Refused: ")
    assert "conditions" in result.output


# Refusals


def test_a_misspelt_service_is_one_sentence(explain):
    result = explain("--service", "nope")
    assert result.exit_code == 3
    assert result.output == "Refused: No such CDS service. GET /cds-services lists them.\n"


@pytest.mark.parametrize("body", [{"hook": 1}, request() | {"prefetch": {}}])
def test_a_refused_request_is_one_sentence_or_an_outcome(explain, body):
    result = explain(body=body)
    assert result.exit_code == 3
    assert result.output.startswith("Refused: ")
    assert result.output.count("\n") == 1
    as_json = explain("--json", body=body)
    assert as_json.exit_code == 3
    assert json.loads(as_json.output)["resourceType"] == "OperationOutcome"


def test_a_file_that_is_not_there_or_no_file_is_said(tmp_path):
    for path in (tmp_path / "nope.json", tmp_path):
        result = run(path)
        assert result.exit_code == 2
        assert str(path) in result.output
    (tmp_path / "x.json").write_bytes(b"\xff{")
    result = run(tmp_path / "x.json")
    assert result.exit_code == 3
    assert "Refused: The file is not in UTF-8: line 1 holds other bytes." in result.output


@pytest.mark.parametrize("width", ["40", "80"])
@pytest.mark.parametrize("name", ["acetylcholine-receptor-antibody-is-not-hmgcr", "risk-egfr-59-is-renal-risk"])
def test_no_line_is_wider_than_the_terminal(explain, monkeypatch, name, width):
    monkeypatch.setenv("COLUMNS", width)
    for options in ((), ("--only", "renal-risks")):
        output = explain(*options, body=CASES[f"ivig-order-select/{name}"].request).output
        assert max(map(len, output.splitlines())) <= int(width)


def test_the_help_says_what_it_does_and_how_it_ends():
    output = run("--help").output
    assert "Exit code 0" in output
    assert "cds-service explain request.json" in output.split("Example")[1]
