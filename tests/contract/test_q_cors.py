"""Q: cross-origin calls of browsers."""

import pytest

from tests.contract.service import SERVICE, post, served, steady
from tests.requests import condition, request

BROWSER = {"Origin": "https://sandbox.example.org"}
ADDRESSES = ["/cds-services", SERVICE, f"{SERVICE}/feedback"]


def names(header):
    return {each.strip().lower() for each in header.split(",")}


def test_Q1_a_browser_may_discover_and_call(client):
    for answer in (client.get("/cds-services", headers=BROWSER), post(client, request(), headers=BROWSER)):
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", BROWSER["Origin"])


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_Q2_preflight_is_answered_without_authorization(client, address, method):
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
    answer = client.options(address, headers=BROWSER | asked)
    assert 200 <= answer.status_code < 300
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", BROWSER["Origin"])
    assert names(answer.headers["Access-Control-Allow-Methods"]) >= {"get", "post", "options"}
    assert names(answer.headers["Access-Control-Allow-Headers"]) >= {"authorization", "content-type"}


def test_Q3_errors_can_be_read_by_a_browser_too(client):
    without = request(condition("G61.81")) | {"prefetch": None}
    answers = [
        client.get("/no-such-address", headers=BROWSER),
        client.get(SERVICE, headers=BROWSER),
        client.post(SERVICE, data=b"{", headers=BROWSER),
        post(client, without, headers=BROWSER),
    ]
    assert [each.status_code for each in answers] == [404, 405, 400, 412]
    assert {each.headers.get("Access-Control-Allow-Origin") for each in answers} <= {"*", BROWSER["Origin"]}


def test_Q4_only_listed_origins_are_let_in_and_none_with_credentials(knowledge):
    listed = f"{BROWSER['Origin']},https://ehr.example.org"
    with served(knowledge, steady(None, print), cors_origins=listed) as client:
        known = client.get("/cds-services", headers=BROWSER)
        foreign = client.get("/cds-services", headers={"Origin": "https://evil.example.org"})
        longer = client.get("/cds-services", headers={"Origin": f"{BROWSER['Origin']}.evil.example.org"})
    assert known.headers["Access-Control-Allow-Origin"] == BROWSER["Origin"]
    for each in (foreign, longer):
        assert "Access-Control-Allow-Origin" not in each.headers
    for each in (known, foreign, longer):
        assert "Access-Control-Allow-Credentials" not in each.headers
        assert "Origin" in each.headers["Vary"]
