"""`doctor --record` and `check-recording`, as a user meets them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme
from support import forward_proxy
from support.altered import altered, at, in_record, page

from autocall_otp import Client
from autocall_otp._cli import checks
from autocall_otp._cli.recording import files
from autocall_otp.sandbox import Sandbox
from cli.conftest import CODE, NUMBER, SECRETS, Run, start

pytestmark = pytest.mark.usefixtures("environment")
CAMPAIGN, TEMPLATE = "f77dfcf4-0759-4179-93cb-741f481a776e", "otp_script_01"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shapes.json"


def kinds(path: Path) -> list[tuple[str, int | str]]:
    """Method and status, or failure, of each kind of exchange in the file."""
    exchanges = json.loads(path.read_text())["exchanges"]
    return [(each["method"], each.get("status") or each["failure"]) for each in exchanges]


def test_by_itself_it_records_a_look_up_of_nothing_and_rings_no_phone(run: Run, sandbox: Sandbox, file: Path) -> None:
    ran = run("doctor", "--record", str(file))
    assert ran.exit_code == 0
    assert sandbox.calls == []
    assert kinds(file) == [("GET", 404)]
    assert file.read_text() in ran.stdout, "the user reads all of it"
    assert f"{file} holds the lines above" in ran.stderr
    checked = run("check-recording", str(file))
    assert (checked.exit_code, checked.stdout) == (0, "")
    assert "different answers: 1, failures to get one: 0, differences: 0" in checked.stderr


def test_an_earlier_call_s_record_is_recorded(run: Run, sandbox: Sandbox, file: Path) -> None:
    ref_id = run("run", NUMBER, "--code-stdin", "--json", "--wait", stdin=CODE).only("call")["ref_id"]
    ran = run("doctor", "--record", str(file), "--ref-id", ref_id)
    assert ran.exit_code == 0
    assert "ok       look-up     there is a record" in ran.stdout
    assert kinds(file) == [("GET", 404), ("GET", 200)]
    assert len(sandbox.calls) == 1
    text = file.read_text()
    values = {value for call in sandbox.calls for value in call_values(sandbox, call.ref_id)}
    assert len(values) > 10
    told = {"answered", "NORMAL_CLEARING", "outbound", "autocall", "recv_bye"}
    assert {value for value in values - told if value in text} == set()
    assert run("check-recording", str(file)).exit_code == 0


def call_values(sandbox: Sandbox, ref_id: str) -> set[str]:
    """Every text of a record that is long enough to be looked for."""
    with Client(sandbox.url, sandbox.token) as client:
        raw = client.get_cdr(ref_id).raw.to_dict()
    nested: list[Any] = [*raw.values(), *raw["additional"].values()]
    return {value for value in nested if isinstance(value, str) and len(value) > 4}


def test_a_call_is_placed_and_followed_when_told_to(run: Run, sandbox: Sandbox, file: Path) -> None:
    ran = run("doctor", "--record", str(file), "--place-call-to", NUMBER, "--json")
    assert ran.exit_code == 0, ran.stdout
    (call,) = sandbox.calls
    assert call.rings == 1
    assert {("POST", 200), ("GET", 200)} < set(kinds(file))
    assert ran.only("recording")["exchanges"] == json.loads(file.read_text())["exchanges"]
    assert ran.only("recording")["path"] == str(file)
    assert ran.only("call")["outcome"] == "PLACED"
    for secret in (*SECRETS, call.code_otp, call.ref_id, call.call_id, CAMPAIGN, TEMPLATE):
        assert secret not in file.read_text()
    assert run("check-recording", str(file)).exit_code == 0


@pytest.mark.parametrize(
    ("number", "code", "seen"),
    [
        ("0900000401", 1, ("POST", 401)),
        ("0900000033", 0, ("POST", 200)),
        ("0900000502", 0, ("POST", 502)),
        ("0900000031", 0, ("POST", "RemoteProtocolError")),
    ],
)
def test_a_call_that_goes_wrong_is_recorded_too(
    run: Run, file: Path, number: str, code: int, seen: tuple[str, int | str]
) -> None:
    ran = run("doctor", "--record", str(file), "--place-call-to", number, "--json")
    assert ran.exit_code == code, ran.stdout
    assert seen in kinds(file)
    found = run("check-recording", str(file), "--json")
    assert [line["field"] for line in found.lines] == ([None] if number.endswith("33") else [])


def test_no_call_is_placed_when_a_check_failed(
    run: Run, sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "stale")
    ran = run("doctor", "--record", str(file), "--place-call-to", NUMBER)
    assert ran.exit_code == 1
    assert "no call is placed: mend what failed first" in ran.stderr
    assert sandbox.calls == []
    assert kinds(file) == [("GET", 401)]


def test_a_record_that_is_not_there_fails_the_check(run: Run, file: Path) -> None:
    ran = run("doctor", "--record", str(file), "--ref-id", "nobody-knows")
    assert ran.exit_code == 1
    assert "failed   look-up     there is no record" in ran.stdout
    assert "nobody-knows" not in file.read_text()


def test_nothing_is_sent_before_the_file_has_its_place(run: Run, sandbox: Sandbox, file: Path) -> None:
    file.write_text("mine")
    ran = run("doctor", "--record", str(file), "--place-call-to", NUMBER)
    assert (ran.exit_code, file.read_text()) == (2, "mine")
    assert ran.stdout == ""
    assert f"{file}: is there already; --force replaces it" in ran.stderr
    assert run("doctor", "--record", str(file.parent), "--json").only("error")["exit_code"] == 2
    assert sandbox.calls == []
    assert run("doctor", "--record", str(file), "--force").exit_code == 0
    assert files.read(file).exchanges


@pytest.mark.parametrize("more", [["--ref-id", "R1"], ["--place-call-to", NUMBER], ["--force"]])
def test_options_of_a_recording_need_one(run: Run, sandbox: Sandbox, more: list[str]) -> None:
    ran = run("doctor", *more)
    assert (ran.exit_code, "need --record FILE" in ran.stderr) == (2, True)
    assert sandbox.calls == []


@pytest.mark.parametrize("more", [["--ref-id", ".."], ["--place-call-to", "12"], ["--place-call-to", "+442079460000"]])
def test_a_wrong_reference_or_number_leaves_no_file(run: Run, sandbox: Sandbox, file: Path, more: list[str]) -> None:
    ran = run("doctor", "--record", str(file), *more)
    assert (ran.exit_code, ran.stdout, file.exists()) == (2, "", False)
    assert sandbox.calls == []


def test_a_call_needs_its_settings(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOCALL_TEMPLATE")
    assert run("doctor", "--record", str(file)).exit_code == 0
    ran = run("doctor", "--record", str(file), "--force", "--place-call-to", NUMBER)
    assert (ran.exit_code, "AUTOCALL_TEMPLATE or" in ran.stderr) == (5, True)
    more = ["--template", TEMPLATE, "--campaign", CAMPAIGN]
    assert run("doctor", "--record", str(file), "--force", "--place-call-to", NUMBER, *more).exit_code == 0


def test_without_a_request_there_is_no_file(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "no proxy at all:x")
    for name in ("https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    ran = run("doctor", "--record", str(file), "--host", "api.example.vn")
    assert (ran.exit_code, file.exists(), "proxy of the environment" in ran.stderr) == (5, False, True)


def test_a_host_that_does_not_answer_is_recorded_as_such(run: Run, file: Path) -> None:
    assert run("doctor", "--record", str(file), "--host", "http://127.0.0.1:1").exit_code == 1
    assert kinds(file) == [("GET", "ConnectError")]


def test_differences_are_told_one_by_one(run: Run, sandbox: Sandbox, file: Path) -> None:
    gateway = at("GET", 404, page("<html>"))
    record = in_record(rate=5)
    with altered(sandbox.url, lambda reply: gateway(record(reply))) as url:
        arguments = ["doctor", "--record", str(file), "--host", url, "--place-call-to", NUMBER]
        told = run(*arguments)
        assert told.exit_code == 0, told.stdout + told.stderr
    ran = run("check-recording", str(file))
    assert ran.exit_code == 1
    assert ran.stdout.splitlines() == [
        "getCdrByRefId 404, the answer as a whole: content type",
        "  contract  application/json (inferred)",
        "  seen      text/html",
        "getCdrByRefId 200, rate: type",
        "  contract  string (from the page)",
        "  seen      integer, 1-4 digits",
    ]
    ran = run("check-recording", str(file), "--json")
    assert ran.exit_code == 1
    assert ran.lines[1] == {
        "type": "difference",
        "operation": "getCdrByRefId",
        "status": "200",
        "field": "rate",
        "differs": "type",
        "contract": "string",
        "basis": "page",
        "seen": "integer, 1-4 digits",
    }


@pytest.mark.skipif(os.name != "posix", reason="pipes and exit codes of POSIX")
def test_a_reader_that_goes_away_after_the_call_is_no_failure(sandbox: Sandbox, file: Path) -> None:
    arguments = ["doctor", "--record", str(file), "--place-call-to", "0900000022", "--json"]
    process = start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout
    with process.stdout as lines:
        assert any(b'"call"' in line for line in lines)
    assert process.wait(30) in {3, 4}
    assert len(sandbox.calls) == 1
    assert ("POST", 200) in kinds(file)


@pytest.mark.parametrize("missing", ["jsonschema", "starlette"])
def test_the_check_says_which_extra_it_needs_and_the_recording_needs_none(missing: str, file: Path) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from autocall_otp.cli import main; main()"
    recorded = subprocess.run([sys.executable, "-c", program, "doctor", "--record", str(file)], check=False)
    assert recorded.returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", program, "check-recording", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert re.search(rf"check-recording needs {missing}\b.*pip install 'autocall-otp\[sandbox\]'", done.stderr)


def test_a_file_that_cannot_be_finished_says_whether_a_phone_rang(
    run: Run, sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ran = run("doctor", "--record", str(file))
    assert (ran.exit_code, "No space left on device" in ran.stderr, file.exists()) == (1, True, False)
    ran = run("doctor", "--record", str(file), "--place-call-to", NUMBER)
    assert (ran.exit_code, len(sandbox.calls), file.exists()) == (3, 1, False)


def test_an_end_before_the_first_request_leaves_no_file(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checks, "_probe", interrupted)
    ran = run("doctor", "--record", str(file))
    assert (ran.exit_code, file.exists()) == (130, False)
    assert f"{file} is not written: no request was sent" in ran.stderr


def test_it_records_through_the_environment_s_proxy_and_trust(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    authority, seen = trustme.CA(), forward_proxy.Seen()
    authority.cert_pem.write_to_path(str(file.with_name("ca.pem")))
    monkeypatch.setenv("SSL_CERT_FILE", str(file.with_name("ca.pem")))
    with forward_proxy.service(authority, seen) as upstream, forward_proxy.proxy(upstream, seen) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        run("doctor", "--record", str(file), "--host", forward_proxy.HOST)
    assert kinds(file) == [("GET", 200)]
    assert len(seen.connects) == 2
