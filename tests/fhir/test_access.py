import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.access import Access, parse_access, parse_scopes

TOKEN = "canary-6c1f0e9a"
SERVER = "https://fhir.example.org/r4"


def authorization(**rest: object) -> dict[str, object]:
    return {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read"} | rest


def test_a_complete_authorization_gives_access() -> None:
    access = parse_access(f"{SERVER}/", authorization(subject="cds", patient="p1"), "p1")
    assert isinstance(access, Access)
    assert (access.server, access.token) == (SERVER, TOKEN)
    assert access.covers("Observation", "search")


@pytest.mark.parametrize(
    ("server", "given", "why"),
    [
        (SERVER, None, "absent"),
        (None, None, "absent"),
        (None, authorization(), "incomplete"),
        ("", authorization(), "incomplete"),
        (7, authorization(), "incomplete"),
        (SERVER, {}, "incomplete"),
        (SERVER, [], "incomplete"),
        (SERVER, "Bearer", "incomplete"),
        (SERVER, authorization(access_token=None), "incomplete"),
        (SERVER, authorization(access_token=""), "incomplete"),
        (SERVER, authorization(access_token=5), "incomplete"),
        (SERVER, authorization(access_token="a b"), "incomplete"),
        (SERVER, authorization(access_token="a\r\nHost: evil"), "incomplete"),
        (SERVER, authorization(access_token="a\n"), "incomplete"),
        (SERVER, authorization(access_token="é"), "incomplete"),
        (SERVER, authorization(token_type="mac"), "incomplete"),
        (SERVER, authorization(token_type=None), "incomplete"),
        (SERVER, authorization(expires_in="soon"), "incomplete"),
        (SERVER, authorization(expires_in="9" * 5000), "incomplete"),
        (SERVER, authorization(expires_in=True), "incomplete"),
        (SERVER, authorization(expires_in=[]), "incomplete"),
        (SERVER, authorization(expires_in=0), "expired"),
        (SERVER, authorization(expires_in=-1), "expired"),
        (SERVER, authorization(expires_in="0"), "expired"),
        (SERVER, authorization(expires_in="-5"), "expired"),
        (SERVER, authorization(patient="p2"), "foreign"),
        (SERVER, authorization(patient="Patient/p2"), "foreign"),
        (SERVER, authorization(patient=""), "foreign"),
        (SERVER, authorization(patient=1), "foreign"),
    ],
)
def test_why_there_is_no_access(server: object, given: object, why: str) -> None:
    assert parse_access(server, given, "p1") == why


@pytest.mark.parametrize(
    "rest",
    [
        {"token_type": "bearer"},
        {"token_type": "BEARER"},
        {"expires_in": None},
        {"expires_in": "300"},
        {"expires_in": 0.5},
        {"expires_in": 10**30},
        {"patient": None},
        {"patient": "Patient/p1"},
        {"scope": None},
        {"scope": ["patient/*.read"]},
        {"subject": 9},
    ],
)
def test_what_is_tolerated(rest: dict[str, object]) -> None:
    assert isinstance(parse_access(SERVER, authorization(**rest), "Patient/p1"), Access)


@pytest.mark.parametrize(
    ("scope", "read", "search"),
    [
        ("", True, True),
        ("launch openid fhirUser", True, True),
        ("launch *", True, True),
        ("patient/Observation.read", True, True),
        ("patient/Observation.*", True, True),
        ("patient/*.read", True, True),
        ("user/*.*", True, True),
        ("system/Observation.read", True, True),
        ("patient/Observation.rs", True, True),
        ("patient/Observation.cruds", True, True),
        ("patient/Observation.r", True, False),
        ("patient/Observation.s", False, True),
        ("patient/Observation.rs?category=laboratory", True, True),
        ("patient/*.s", False, True),
        ("patient/Observation.write", False, False),
        ("patient/Observation.cud", False, False),
        ("patient/Patient.read", False, False),
        ("patient/Patient.read launch user/Observation.rs", True, True),
        ("patient/Observation.", True, True),
        ("patient/Observation.sr", True, True),
        ("practitioner/Patient.read", True, True),
    ],
)
def test_scopes_of_both_versions_of_smart(scope: str, read: bool, search: bool) -> None:
    access = Access(SERVER, TOKEN, parse_scopes(scope))
    assert (access.covers("Observation", "read"), access.covers("Observation", "search")) == (read, search)


def test_the_token_is_shown_nowhere() -> None:
    access = parse_access(SERVER, authorization(), "p1")
    assert SERVER in repr(access)
    assert TOKEN not in f"{access!r} {access} {[access]}"


LEVELS = st.sampled_from(["patient", "user", "system"])
TYPES = st.sampled_from(["Observation", "Patient", "*"])
V2 = st.sets(st.sampled_from("cruds"), min_size=1).map(
    lambda letters: "".join(each for each in "cruds" if each in letters)
)


@given(st.lists(st.tuples(LEVELS, TYPES, V2), min_size=1))
def test_law_a_scope_of_smart_2_covers_what_its_letters_say(scopes: list[tuple[str, str, str]]) -> None:
    access = Access(
        SERVER, TOKEN, parse_scopes(" ".join(f"{level}/{kind}.{letters}" for level, kind, letters in scopes))
    )
    fitting = [letters for _, kind, letters in scopes if kind in ("Observation", "*")]
    assert access.covers("Observation", "read") == any("r" in letters for letters in fitting)
    assert access.covers("Observation", "search") == any("s" in letters for letters in fitting)


JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.text())
    | st.dictionaries(st.text(), st.text())
)


@given(st.dictionaries(st.sampled_from(["access_token", "token_type", "expires_in", "scope", "patient"]), JSON), JSON)
def test_law_any_authorization_is_access_or_a_word(given: dict[str, object], server: object) -> None:
    found = parse_access(server, given | {"token_type": "Bearer"}, "p1")
    assert isinstance(found, Access) or found in ("incomplete", "expired", "foreign")
