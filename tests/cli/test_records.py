"""`cdr` and `wait`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autocall_otp import Client
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


COMMANDS = ["cdr", "wait"]
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def ended(sandbox: Sandbox) -> str:
    """The reference of a call that is over."""
    with Client(sandbox.url, sandbox.token) as client:
        known = {"campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e", "template": "otp_script_01"}
        ref_id = client.run_otp(NUMBER, CODE, ref_id="R1", **known).ref_id
    sandbox.advance(60)
    return ref_id


@pytest.mark.parametrize("command", COMMANDS)
def test_people_read_a_few_facts_and_programs_every_field(run: Run, ended: str, command: str) -> None:
    ran = run(command, ended)
    assert (ran.exit_code, ran.stderr) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines() if not line.startswith("picked up"))
    assert list(facts) == [
        *("status", "answered", "duration", "talk", "cause", "to", "from", "started", "ended", "ref_id", "call_id")
    ]
    assert (facts["status"], facts["to"], facts["ref_id"]) == ("answered", MASKED, "R1")
    ran = run(command, ended, "--json")
    record = ran.only("record")
    assert (ran.exit_code, ran.stderr, record["ref_id"], record["id"]) == (0, "", "R1", facts["call_id"])
    assert (record["status"], record["to_number"], record["billsec"]) == ("answered", MASKED, 8)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_host_and_the_token_may_be_given_otherwise(
    run: Run, ended: str, sandbox: Sandbox, environment: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("AUTOCALL_API_HOST", NOWHERE)
    assert run(command, ended, "--host", sandbox.url).exit_code == 0
    monkeypatch.delenv("AUTOCALL_API_HOST")
    file = environment / "mine.toml"
    file.write_text(f'host = "{sandbox.url}"', encoding="utf-8")
    assert run(command, ended, "--config", str(file)).exit_code == 0
    ran = run(command, ended)
    told = "autocall-otp: host: is not set; set --host or AUTOCALL_API_HOST or host in the settings file\n"
    assert (ran.exit_code, ran.stdout, ran.stderr) == (5, "", told)


def test_a_wait_takes_a_while_at_least(run: Run) -> None:
    ran = run("wait", "nobody-knows", "--timeout", "0.09")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "0.09 is not in the range x>=0.1" in ran.stderr


def test_unless_told_a_wait_takes_two_minutes(run: Run, ended: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    real = Client.wait_for_cdr

    def wait_for_cdr(client: Client, ref_id: str, *, timeout: float) -> object:
        asked.append(timeout)
        return real(client, ref_id, timeout=30.0)

    monkeypatch.setattr(Client, "wait_for_cdr", wait_for_cdr)
    assert run("wait", ended).exit_code == 0
    assert run("wait", ended, "--timeout", "0.1").exit_code == 0
    assert asked == [120.0, 0.1]
