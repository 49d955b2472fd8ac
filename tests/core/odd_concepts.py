"""Concepts as records hold them: known and unknown codes, aliases, texts, and types that FHIR does not allow."""

from functools import cache

from hypothesis import strategies as st

from cds_service.core.coding import NDC
from cds_service.core.resources import Coding, Concept

JUNK = st.sampled_from([None, "", 0, 5, 1.5, True, False, [], {}, ["x"], {"x": 1}])


def ndc_forms(code):
    """Return the written forms of the labeler-product pair of a value set."""
    labeler, product = (part.zfill(size) for part, size in zip(code.split("-"), (5, 4), strict=True))
    forms = [f"{labeler}-{product}-01", f"{labeler}{product}01", f"{labeler}-{product}", f"{labeler}-{product}-1", code]
    if labeler.startswith("0"):
        forms += [f"{labeler[1:]}-{product}-01", f"{labeler[1:]}{product}01"]
    if product.startswith("0"):
        forms += [f"{labeler}-{product[1:]}-01", f"{labeler}{product[1:]}01"]
    return forms


@cache
def known_codings(terminology):
    """Return codings that some value set holds, under every identifier of their system."""
    names: dict[str, list[str]] = {}
    for name, system in terminology.systems.items():
        names.setdefault(system, []).append(name)
    codes = sorted({code for each in terminology.value_sets.values() for code in each.names_of})

    def written(code, pick):
        forms = ndc_forms(code.code) if code.system == NDC else [code.code]
        return Coding(
            sorted(names[code.system])[pick % len(names[code.system])], forms[pick % len(forms)], code.display
        )

    picks = st.integers(0, 40)
    products = [code for code in codes if code.system == NDC] or codes
    return st.builds(written, st.sampled_from(codes) | st.sampled_from(products), picks)


@cache
def codings(terminology):
    systems = st.sampled_from([*sorted(terminology.systems), NDC, "http://example.org/unknown"]) | JUNK
    codes = sorted({code.code for each in terminology.value_sets.values() for code in each.names_of})
    digits = st.text(alphabet="0123456789-", max_size=13)
    odd = st.builds(
        Coding, systems, st.sampled_from(codes) | st.sampled_from(["Z99", "x"]) | digits | JUNK, texts(terminology)
    )
    return known_codings(terminology) | odd


@cache
def texts(terminology):
    names = sorted(
        {name for each in terminology.value_sets.values() for known in each.names_of.values() for name in known}
    )
    changes = st.sampled_from([str, str.upper, str.lower, lambda text: f" {text}. ", lambda text: text + " x"])
    return st.builds(lambda change, text: change(text), changes, st.sampled_from(names)) | st.text(max_size=8) | JUNK


@cache
def concepts(terminology):
    coding = codings(terminology)
    several = st.lists(coding | JUNK, max_size=3) | st.lists(coding, max_size=3)
    return st.builds(Concept, several | coding | JUNK, texts(terminology))
