"""cds-service keys: from nothing to a token that is accepted."""

import json
import os
import shlex
import stat
import time

import jwt
import pytest
from click.testing import CliRunner

from cds_service.access.clients import load_clients
from cds_service.access.jwk import parse_key
from cds_service.access.make import make_key_pair, make_token
from cds_service.commands.keys import keys
from cds_service.errors import Unauthorized
from tests.access.tokens import pair, verifier

ISSUER = "https://ehr.example.org"
ADDRESS = "http://127.0.0.1:8000/cds-services"


def run(*arguments):
    return CliRunner().invoke(keys, [*map(str, arguments)], catch_exceptions=False)


def line_of(output: str, start: str) -> str:
    (found,) = [line for line in output.splitlines() if line.startswith(start)]
    return found


@pytest.mark.parametrize("command", [(), ("new",), ("token",)])
def test_every_help_has_an_example(command):
    output = run(*command, "--help").output
    assert "cds-service keys" in output.split("Example")[1]


@pytest.mark.parametrize("algorithm", ["ES384", "RS384", "RS256"])
def test_round_trip(tmp_path, algorithm):
    folder = tmp_path / "a folder" / "trial"
    made = run("new", "--out", folder, "--kid", "k1", "--algorithm", algorithm)
    assert made.exit_code == 0
    (folder / "clients.json").write_text(line_of(made.output, "{"))
    assert str(folder / "clients.json") in made.output
    judge = verifier(load_clients(folder / "clients.json"), algorithms=[algorithm], now=time.time)
    arguments = ["--key", folder / "private.pem", "--kid", "k1", "--issuer", ISSUER, "--audience", ADDRESS]
    tokens = [run("token", *arguments, "--algorithm", algorithm, "--tenant", "ward").output for _ in range(2)]
    for token in tokens:
        caller = judge.verify(f"Bearer {token.strip()}", ADDRESS)
        assert (caller.issuer, caller.tenant) == (ISSUER, "ward")
    with pytest.raises(Unauthorized) as caught:
        judge.verify(f"Bearer {tokens[0].strip()}", ADDRESS)
    assert caught.value.reason == "replay"


def test_the_call_that_is_printed_makes_a_token(tmp_path):
    output = run("new", "--out", tmp_path / "my trial").output
    command = line_of(output, "curl").split("$(cds-service keys ")[1].rpartition(')"')[0]
    token = run(*shlex.split(command)).output
    assert token.count(".") == 2
    assert len(token.splitlines()) == 1


def test_the_private_key_is_readable_by_its_owner_only(tmp_path):
    before = os.umask(0)
    try:
        run("new", "--out", tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "private.pem").stat().st_mode) == 0o600
    published = (tmp_path / "jwks.json").read_text()
    assert not {"d", "p", "q"} & json.loads(published)["keys"][0].keys()
    assert parse_key(json.loads(published)["keys"][0]).kid


def test_no_private_key_is_printed(tmp_path):
    output = run("new", "--out", tmp_path).output
    secret = (tmp_path / "private.pem").read_text().splitlines()[1:-1]
    assert secret
    assert not [line for line in secret if line in output]


@pytest.mark.parametrize("name", ["private.pem", "jwks.json"])
def test_nothing_is_overwritten(tmp_path, name):
    (tmp_path / name).write_text("mine")
    result = run("new", "--out", tmp_path)
    assert result.exit_code == 2
    assert f"{tmp_path / name} is there already and is not overwritten" in result.output
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "mine"}


@pytest.mark.parametrize("out", ["file", "file/folder"])
def test_a_folder_that_cannot_be_written(tmp_path, out):
    (tmp_path / "file").write_text("")
    result = run("new", "--out", tmp_path / out)
    assert result.exit_code == 2
    assert "file" in result.output
    assert "Traceback" not in result.output


def bad_keys(folder):
    (folder / "text.pem").write_text("not a key")
    (folder / "binary.pem").write_bytes(b"\xff\xfe")
    (folder / "rsa.pem").write_text(pair("ehr-rs", "RS384").private_pem)
    (folder / "jwks.json").write_text(json.dumps({"keys": [pair("ehr-1").public_jwk]}))


@pytest.mark.parametrize("name", ["gone.pem", "text.pem", "binary.pem", "rsa.pem", "jwks.json"])
def test_a_key_file_that_is_none(tmp_path, name):
    bad_keys(tmp_path)
    result = run("token", "--key", tmp_path / name, "--kid", "k", "--issuer", ISSUER, "--audience", ADDRESS)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert name in result.stderr
    assert "Traceback" not in result.stderr


def test_what_a_token_says():
    made = make_key_pair("ES384", "k")
    assert "PRIVATE" not in repr(made)
    token = make_token(
        made.private_pem, "ES384", "k", ISSUER, ADDRESS, 100, 60, "j", "t", "https://ehr.example.org/jwks"
    )
    assert jwt.get_unverified_header(token) == {
        "alg": "ES384",
        "typ": "JWT",
        "kid": "k",
        "jku": "https://ehr.example.org/jwks",
    }
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {"iss": ISSUER, "aud": ADDRESS, "iat": 100, "exp": 160, "jti": "j", "tenant": "t"}
