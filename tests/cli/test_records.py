"""`cdr` and `wait`."""

from __future__ import annotations

import json

import pytest

from autocall_otp.sandbox import Sandbox
from cli.conftest import CODE, MASKED, NUMBER, Run

pytestmark = pytest.mark.usefixtures("environment")


def placed(run: Run, *more: str, number: str = NUMBER) -> str:
    ref_id: str = run("run", number, "--code-stdin", "--json", *more, stdin=CODE).only("call")["ref_id"]
    return ref_id


def test_a_record_is_shown(run: Run) -> None:
    ref_id = placed(run, "--wait")
    ran = run("cdr", ref_id)
    assert ran.exit_code == 0
    for fact in ("answered", "15 s", "NORMAL_CLEARING", MASKED, ref_id, "+07:00"):
        assert fact in ran.stdout
    assert ran.stderr == ""


def test_no_record_has_an_exit_code_of_its_own(run: Run) -> None:
    ran = run("cdr", "nobody-knows", "--json")
    assert (ran.exit_code, ran.only("error")["status_code"]) == (4, 404)
    ran = run("wait", "nobody-knows", "--timeout", "0.2")
    assert ran.exit_code == 4
    assert "no finished record within 0.2 s" in ran.stderr


def test_waiting_tells_its_progress_line_by_line(run: Run, sandbox: Sandbox) -> None:
    ref_id = placed(run, number="0900000021")
    ran = run("wait", ref_id, "--json", "--timeout", "30")
    assert ran.exit_code == 0
    assert sandbox.calls[0].ended
    *progress, record = ran.lines
    assert record["type"] == "record"
    for line in progress:
        assert set(line) == {"type", "ref_id", "stage", "look_ups", "elapsed", "remaining", "reason"}
        assert line["elapsed"] + line["remaining"] == pytest.approx(30, abs=0.1)


def test_a_failed_look_up_is_neither_a_doubt_nor_a_missing_record(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "wrong")
    assert run("cdr", "r1").exit_code == 1
    assert run("wait", "r1", "--json").only("error")["error"] == "AuthenticationError"
    assert run("cdr", "..").exit_code == 2


def test_what_the_service_says_cannot_steer_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import autocall_otp  # noqa: PLC0415 - replaced below
    from autocall_otp._cli import records  # noqa: PLC0415 - the same

    evil = autocall_otp.Cdr(cause="\x1b]0;title\x07\x1b[31m", status="strange\nline", id="[red]x[/]")
    monkeypatch.setattr(records, "wait_for", lambda *_: evil)
    ran = run("wait", "r1")
    assert "\x1b" not in ran.stdout
    assert "\x07" not in ran.stdout
    assert "[red]x[/]" in ran.stdout
    assert json.loads(run("wait", "r1", "--json").stdout)["cause"] == evil.cause
