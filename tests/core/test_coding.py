"""National Drug Codes in every written form, and the keys of other systems."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.core.coding import NDC, keys, ndc_products

HYPOTHESIS = settings(max_examples=300, deadline=None, database=None)
DIGITS = "0123456789"


def digits(size):
    return st.text(alphabet=DIGITS, min_size=size, max_size=size)


@pytest.mark.parametrize(
    ("form", "products"),
    [
        ("0944-2700-02", ("009442700",)),  # 4-4-2
        ("00944-270-02", ("009440270",)),  # 5-3-2
        ("00944-2700-2", ("009442700",)),  # 5-4-1
        ("00944-2700-02", ("009442700",)),  # 5-4-2
        ("0944-2700", ("009442700",)),  # labeler and product alone
        ("00944-270", ("009440270",)),
        ("00944-2700", ("009442700",)),
        ("00944270002", ("009442700",)),  # 11 digits
        ("0944270002", ("009442700", "094420700", "094427000")),  # 10 digits: 4-4-2, 5-3-2 or 5-4-1
    ],
)
def test_every_written_form_leads_to_its_products(form, products):
    assert ndc_products(form) == products


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        " ",
        "-",
        "0944",
        "009442700",  # nine digits: a product without a package is not an NDC
        "009442700021",
        "0944-27000-02",
        "094-2700-02",
        "000944-2700-02",
        "0944-2700-",
        "0944-2700-002",
        "0944-2700-02-1",
        "0944-2700-0A",
        "0944 2700 02",
        "0944\u20132700\u201302",
        "NDC 0944-2700-02",
        "0944270002\n",
        "²²²²²²²²²²",
        "٠٩٤٤٢٧٠٠٠٢",
        "09442700.2",
        "-944270002",
    ],
)
def test_anything_else_has_no_product(garbage):
    assert ndc_products(garbage) == ()
    assert keys(NDC, garbage) == ()


@pytest.mark.parametrize("form", ["0944-270-02", "0944-270"])
def test_a_four_digit_labeler_with_a_three_digit_product_is_no_form(form):
    assert ndc_products(form) == ()


def test_a_hyphenated_code_in_other_digits_has_no_product():
    assert ndc_products("٠٩٤٤-٢٧٠٠-٠٢") == ()


@HYPOTHESIS
@given(digits(5), digits(4), digits(2))
def test_the_billing_form_says_the_same_with_and_without_hyphens(labeler, product, package):
    assert ndc_products(f"{labeler}-{product}-{package}") == (labeler + product,)
    assert ndc_products(labeler + product + package) == (labeler + product,)


@HYPOTHESIS
@given(st.sampled_from([(4, 4, 2), (5, 3, 2), (5, 4, 1)]), st.data())
def test_ten_digits_without_hyphens_have_the_hyphenated_reading_among_theirs(sizes, data):
    parts = [data.draw(digits(size)) for size in sizes]
    (product,) = ndc_products("-".join(parts))
    assert product in ndc_products("".join(parts))
    assert len(ndc_products("".join(parts))) == 3


@HYPOTHESIS
@given(st.text(max_size=14) | st.text(alphabet=DIGITS + "-", max_size=14))
def test_every_product_has_nine_digits_and_nothing_raises(code):
    assert all(len(product) == 9 for product in ndc_products(code))


@HYPOTHESIS
@given(st.text(max_size=14))
def test_a_code_of_another_system_is_its_own_key(code):
    assert keys("http://example.org/codes", code) == (code,)
