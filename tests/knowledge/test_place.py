"""Knowledge from a Bundle in a file or at an address, over real HTTP: what is good, and what a server does wrong."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.__main__ import main
from cds_service.errors import KnowledgeError
from cds_service.get import Bounds
from cds_service.knowledge.bundle import to_bundle
from cds_service.knowledge.load import folder_sources
from cds_service.knowledge.place import Place, read_place
from tests.access.key_server import run_key_server

OK = b"HTTP/1.1 200 OK\r\n"
SMALL = Bounds(connect_s=2, read_s=0.3, total_s=0.4, most_bytes=200_000)


@pytest.fixture(scope="module")
def server():
    with run_key_server() as running:
        yield running


@pytest.fixture(scope="module")
def topic(root):
    return root / "tests" / "topic"


@pytest.fixture(scope="module")
def sources(topic):
    return folder_sources(topic / "plandefinitions", topic / "valuesets")


@pytest.fixture(scope="module")
def raw(sources):
    return to_bundle(sources.artifacts)


def place(bundle, folder):
    return Place(folder, folder, str(bundle))


def refusal(bundle, folder):
    """The one problem of a Bundle that cannot be had."""
    with pytest.raises(KnowledgeError) as refused:
        read_place(place(bundle, folder), SMALL)
    (problem,) = refused.value.problems
    return problem


def keys(sources):
    assert not sources.problems
    return [(each.key, each.source) for each in sources.artifacts]


def test_a_bundle_at_an_address_or_in_a_file_is_what_its_folders_are(server, sources, raw, tmp_path):
    url = server.serve("/knowledge.json?version=1", raw)
    (tmp_path / "b.json").write_bytes(raw)
    for bundle in (url, tmp_path / "b.json"):
        assert keys(read_place(place(bundle, tmp_path), SMALL)) == keys(sources)


def test_the_bundle_is_asked_for_as_fhir(server, raw, tmp_path):
    asked = []
    server.serve("/accept", raw)
    answer = server.answers["/accept"]
    server.answers["/accept"] = lambda call: (asked.append(call.headers["Accept"]), answer(call))
    read_place(place(server.url("/accept"), tmp_path))
    assert asked == ["application/fhir+json, application/json"]


@pytest.mark.parametrize("status", [204, 301, 302, 307, 401, 404, 500])
def test_another_status_is_none_and_a_redirect_is_not_followed(server, raw, tmp_path, status):
    target = server.serve("/target", raw)
    url = server.serve(f"/moved-{status}", b"", status, Location=target)
    problem = refusal(url, tmp_path)
    assert (problem.file, problem.reason) == (url, f"the Bundle cannot be read: status {status}, not status 200.")
    assert server.asked["/target"] == 0


def answers(server, path, head, body=b""):
    server.answers[path] = lambda call: call.wfile.write(head + body)
    return server.url(path)


def test_what_is_too_large_is_refused_at_its_limit(server, tmp_path):
    assert refusal(server.serve("/large", bytes(200_001)), tmp_path).reason.endswith(": too large.")
    said = answers(server, "/no-length", OK + b"\r\n", bytes(200_001))
    assert refusal(said, tmp_path).reason.endswith(": too large.")


def test_a_body_that_is_cut_is_not_taken_for_whole(server, raw, tmp_path):
    length = f"Content-Length: {len(raw)}\r\n\r\n".encode()
    cut = answers(server, "/cut", OK + length, raw[:-100])
    assert refusal(cut, tmp_path).reason == "the Bundle cannot be read: no HTTP answer."


@pytest.mark.parametrize("begin", [b"HTTP/1.1 2", OK + b"X-Name: ", OK + b"Content-Length: 1000\r\n\r\n"])
def test_a_server_that_drips_holds_nobody(server, tmp_path, begin):
    assert refusal(server.drip("/drips", begin, b"0"), tmp_path).reason.endswith("took too long.")


def test_a_server_that_says_nothing_holds_nobody(server, tmp_path):
    server.answers["/silent"] = lambda call: server.stopped.wait(10)
    assert "timed out" in refusal(server.url("/silent"), tmp_path).reason


def test_nobody_listens_and_no_such_file(tmp_path):
    with run_key_server() as gone:
        url = gone.url("/b.json")
    assert "refused" in refusal(url, tmp_path).reason
    assert refusal(tmp_path / "none.json", tmp_path).reason == "the Bundle cannot be read: No such file or directory."


@pytest.mark.parametrize("bundle", ["https://[", "http://", "https:///b.json", "http://example.org:x/b.json"])
def test_an_address_that_cannot_work_is_a_wrong_setting(bundle):
    result = run("check", "--bundle", bundle)
    assert result.exit_code == 2
    assert "Settings: CDS_BUNDLE: " in result.output


def test_what_could_be_a_password_is_not_repeated(server, tmp_path):
    url = server.url("/secret.json?sig=canary-1").replace("://", "://user:canary-2@")
    problem = refusal(url, tmp_path)
    assert problem.file == server.url("/secret.json")
    assert "canary" not in str(problem)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "not readable as JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"resourceType": "OperationOutcome"}', "not a Bundle of type collection or transaction"),
    ],
)
def test_what_is_no_bundle_is_named_and_why(server, tmp_path, body, reason):
    sources = read_place(place(server.serve("/none.json", body), tmp_path), SMALL)
    (problem,) = sources.problems
    assert problem.file == "none.json"
    assert reason in problem.reason


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def test_the_commands_take_a_bundle(server, raw, topic, tmp_path):
    url = server.serve("/good.json", raw)
    assert run("check", "--bundle", url, "--cases", topic / "cases").output == (
        f"No problems: 4 plans, 8 value sets in {url}, 12 cases.\n"
    )
    case = topic / "cases" / "lotion-order-select" / "another-order-is-silent.json"
    body = tmp_path / "body.json"
    body.write_text(json.dumps(json.loads(case.read_text())["request"]))
    tried = run("try", body, "--service", "lotion-order-select", "--json", "--bundle", url)
    assert (tried.exit_code, json.loads(tried.output)) == (0, {"cards": []})


@pytest.mark.parametrize("command", ["check", "serve", "bundle"])
def test_a_command_without_its_bundle_says_so_and_exits_1(server, command):
    url = server.url("/nothing-here.json")
    result = run(command, "--bundle", url)
    assert result.exit_code == 1
    assert f"{url}: -: the Bundle cannot be read: status 404, not status 200. Fix: name a file, or an address" in (
        result.output
    )


def test_watching_an_address_is_refused(server):
    result = run("serve", "--reload", "--bundle", server.url("/b.json"))
    assert result.exit_code == 2
    assert "SIGHUP has the Bundle fetched again" in result.output
    assert server.asked["/b.json"] == 0


def test_a_file_that_cannot_be_read_is_a_problem(topic, tmp_path):
    (tmp_path / "plan.json").symlink_to("/proc/self/mem")
    (problem,) = read_place(Place(tmp_path, topic / "valuesets")).problems
    assert (problem.file, problem.reason) == (f"{tmp_path.name}/plan.json", "cannot be read: Input/output error.")


def test_the_files_of_a_place(topic, tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("a.json", "sub/b.json", "c.txt"):
        (tmp_path / name).touch()
    plans = topic / "plandefinitions"
    assert list(Place(tmp_path, plans).files)[:2] == [tmp_path / "a.json", tmp_path / "sub" / "b.json"]
    assert list(Place(tmp_path, plans).files)[2:] == sorted(plans.glob("*.json"))
    assert list(Place(tmp_path, plans, "a/b.json").files) == [Path("a/b.json")]
    assert list(Place(tmp_path, plans, "https://example.org/b.json").files) == []
