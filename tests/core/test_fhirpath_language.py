"""What a condition may say, and what it is refused for."""

import pytest

from cds_service.core.fhirpath.condition import compile_condition
from cds_service.core.fhirpath.parser import FhirPathError
from tests.core.small_world import URLS

RASH, BURN, LOTION = (URLS[name] for name in ("rash", "burn", "lotion"))
REFUSED = [
    # not FHIRPath, or more than one expression
    ("", "the expression is empty"),
    ("true garbage", "character 6: extraneous input 'garbage'"),
    ("true)", "character 5"),
    ("(true", "not FHIRPath"),
    ("true and", "not FHIRPath at character 9"),
    ("true or or false", "not FHIRPath at character 9"),
    ("%problems.where(code.memberOf('x').exists()", "missing ')'"),
    ("'unterminated", "not FHIRPath at character 1"),
    ("%problems.where(code.memberOf('x')).exists(); true", "not FHIRPath"),
    ("true // and a comment\n garbage", "garbage"),
    # variables and elements that are not read
    (
        "%patients.exists()",
        "%patients is not a variable: use one of allergies, current, dose, immunizations, medications",
    ),
    ("%context.exists()", "%context is not a variable"),
    ("%`problems`.exists()", "is not a variable"),
    ("%patient.name = 'male'", "'name' is not read of patient"),
    ("%problems.where(severity.exists()).exists()", "'severity' is not read of problem"),
    ("%medications.where(dosage.exists()).exists()", "'dosage' is not read of medication"),
    ("%notices.where(code.exists()).exists()", "'code' is not read of notice"),
    ("%dose.text = 'x'", "'text' is not read of dose"),
    ("%problems.where(value.exists()).exists()", "'value' is not read of problem"),
    ("%order.route.text.exists()", "'text' is not read of concept"),
    ("birthDate.exists()", "name a variable first"),
    ("code.exists()", "name a variable first"),
    ("$this.exists()", "this invocation is not supported"),
    # functions, operators and literals outside the subset
    ("%problems.count() > 1", "not supported"),
    ("%problems.first().exists()", "first() is not supported"),
    ("%problems.all(code.exists())", "all() is not supported"),
    ("%problems.select(code).exists()", "select() is not supported"),
    ("%problems.where(code.exists()).newest().exists()", "newest() takes nothing and follows %observations"),
    ("%observations.newest(1).exists()", "newest() takes nothing"),
    ("newest().exists()", "newest() takes nothing and follows %observations"),
    ("%observations.newest()", "newest() is not supported here"),
    ("%problems.where(code.exists())", "where() is not supported here"),
    ("now() = today()", "now() is not supported"),
    ("%problems[0].exists()", "indexer expression is not supported"),
    ("(%problems | %current).exists()", "union expression is not supported"),
    ("true implies false", "implies expression is not supported"),
    ("true xor false", "xor"),
    ("%order is MedicationRequest", "type expression is not supported"),
    ("%patient.birthDate in today()", "membership expression is not supported"),
    ("-1 = 1", "polarity expression is not supported"),
    ("1 = 1", "Number is not supported here"),
    ("%order.status < 1", "a string is not a measured value"),
    ("%patient.birthDate < 1 'a'", "a date is not a measured value"),
    ("1 'kg' < %dose.perDay", "Number is not supported here"),
    ("today() = @2020-01-01", "date time literal is not supported"),
    ("'a' & 'b'", "'&'"),
    # argument counts and kinds
    ("%problems.where(code.memberOf()).exists()", "memberOf() takes 1 value set"),
    ("%problems.where(code.memberOf('a', 'b')).exists()", "memberOf() takes 1 value set"),
    ("%problems.where(code.memberOf(%order.status)).exists()", "in quotes"),
    ("%problems.where(code.mentions('a')).exists()", "mentions() takes 2 value set"),
    ("%observations.where(isPositive('a', 'b')).exists()", "isPositive() takes 3 value set"),
    ("iif(true)", "iif() takes a condition and one or two results"),
    ("iif(true, false, true, false)", "iif() takes"),
    ("true.iif(true, false)", "iif() takes"),
    ("%problems.where().exists()", "where"),
    ("%problems.exists(true, false)", "exists() takes one condition"),
    ("%problems.empty(true)", "empty() follows"),
    ("true.not(false)", "not() follows"),
    ("not()", "not() follows"),
    ("exists()", "exists() follows"),
    # types
    ("%problems", "a problem is not true or false"),
    ("'text'", "a string is not true or false"),
    ("%patient.birthDate", "a date is not true or false"),
    ("%problems.where(code).exists()", "a concept is not true or false"),
    ("%patient.birthDate = 'x'", "'=' cannot compare a date with a string"),
    ("%patient.birthDate < true", "cannot compare a date with a boolean"),
    ("%patient.deceasedBoolean = 'true'", "cannot compare a boolean with a string"),
    ("%order.code = %order.route", "cannot compare a concept with a concept"),
    ("%patient.birthDate ~ today()", "'~' is not supported"),
    ("'a' < 'b'", "'<' compares dates and measured values only"),
    ("true >= false", "'>=' compares dates and measured values only"),
    ("true = false = true", "not supported"),
    ("{} = {}", "cannot compare"),
    # dates
    ("today() - 18 'years' < today()", "move a date by years, months, weeks or days"),
    ("today() - 1.5 years < today()", "whole years, months, weeks and days"),
    ("today() - 2 hours < today()", "whole years, months, weeks and days"),
    ("today() - today() = today()", "move a date by years"),
    ("%order.status + 1 day = today()", "move a date by years"),
    ("18 years", "Duration is not supported"),
    # functions about one record
    ("%problems.code.memberOf('x')", "write .where(memberOf(...)).exists()"),
    ("%observations.code.mentions('x', 'y')", "write .where(mentions(...)).exists()"),
    ("memberOf('x')", "write .where(memberOf(...)).exists()"),
    ("%problems.where(memberOf('x')).exists()", "follows an element"),
    ("%order.status.memberOf('x')", "memberOf() does not apply to a string"),
    ("isPositive('a', 'b', 'c')", "inside %observations.where(...)"),
    ("%problems.where(isPositive('a', 'b', 'c')).exists()", "inside %observations.where(...)"),
    ("%observations.where(code.isPositive('a', 'b', 'c')).exists()", "inside %observations.where(...)"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[text or "nothing" for text, _ in REFUSED])
def test_what_is_not_covered_is_refused_with_a_reason(text, words):
    with pytest.raises(FhirPathError) as refused:
        compile_condition(text)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "true // a comment",
        "  (  true  )  ",
        f"%order.code.memberOf('{LOTION}')",
        f"%problems.where(\n  code.memberOf('{RASH}')\n    and code.memberOf('{BURN}').not()\n).exists()",
        f"%problems.exists(code.memberOf('{RASH}'))",
        "%patient.birthDate <= %orderDate - 18 years",
        "%patient.birthDate > today() - 1 month + 3 days",
        "%patient.birthDate > today() - 2 weeks",
        f"%problems.where(code.memberOf('{RASH}')).where(code.memberOf('{BURN}')).exists()",
        f"%observations.where(code.memberOf('{RASH}')).newest().where(value >= 1.5 'mg').exists()",
        f"%observations.where(value.memberOf('{RASH}')).exists()",
        "%observations.where(value < 2).newest().exists()",
        f"%medications.where(code.memberOf('{RASH}') or code.mentions('{RASH}', '{BURN}')).exists()",
        f"%allergies.where(manifestation.memberOf('{RASH}') or severity = 'severe').exists()",
        "%immunizations.where(due or date > today()).exists()",
        "%dose.outcome = 'too-high' and %dose.perDay >= 35 'g'",
        "%notices.exists() and %order.reason.empty()",
        f"%problems.where(code.memberOf('{RASH}') and %patient.birthDate < today()).exists()",
        "%recommendations.where(direction = 'for' and decided).exists()",
        "%order.status = 'it\\'s'",
    ],
)
def test_what_is_covered_compiles_and_keeps_its_text(text):
    assert compile_condition(text).text == text
