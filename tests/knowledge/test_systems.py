"""How codes are written: what is told of many at once is what is told of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.core.coding import NDC
from cds_service.knowledge.systems import RULED, SYSTEMS, are_codes_of, how_written, is_code_of, without_signs

ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
CODES = st.sampled_from(["G61.81", "G6181", "A00", "A00\n", "A00\nB00", "g61.81", "", " A00", "0002-7597", "00027597"])


@pytest.mark.parametrize("code", ["G61.81", "A00", "C7A.00", "S72.001A", "Z3A.1"])
def test_a_code_of_icd_10_cm(code):
    assert is_code_of(ICD_10_CM, code)


@pytest.mark.parametrize("code", ["G6181", "g61.81", "G61.", "G61.81 ", "G61.81000", "G6", "61.81", ""])
def test_what_is_none(code):
    assert not is_code_of(ICD_10_CM, code)


@pytest.mark.parametrize("system", ["http://hospital.example.org/codes", "http://snomed.info/sct"])
def test_nothing_is_known_of_codes_of_other_systems(system):
    assert is_code_of(system, "G6181")
    assert how_written(system) is None


@given(st.sampled_from(sorted(RULED)), st.lists(CODES | st.text(max_size=4), max_size=4))
def test_many_codes_at_once_are_what_each_is(system, codes):
    assert are_codes_of(system, codes) == all(is_code_of(system, code) for code in codes)


def test_the_rule_on_ndc_is_one_of_them():
    assert {NDC, ICD_10_CM} <= RULED


def test_no_two_known_systems_are_nearly_the_same():
    assert len({without_signs(uri) for uri in SYSTEMS}) == len(SYSTEMS)
