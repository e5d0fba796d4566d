"""`cdr` and `wait`: what a record is shown as, and how a wait looks, in a pipe, on a terminal, for programs."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autocall_otp import CallStatus, Cdr, Client, Payload
from autocall_otp._cli.output import Output
from autocall_otp._cli.records import show_record, stage
from autocall_otp.sandbox import Sandbox
from cli.conftest import CAMPAIGN, CODE, MASKED, NUMBER, TEMPLATE, TOKEN, Run, Terminal

pytestmark = [pytest.mark.usefixtures("environment"), pytest.mark.timeout(300)]
each_command = pytest.mark.parametrize("command", ["cdr", "wait"])
THEN = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
def ended(sandbox: Sandbox) -> str:
    """The reference of a call that is over."""
    with Client(sandbox.url, TOKEN, campaign_uuid=CAMPAIGN, template=TEMPLATE) as client:
        client.run_otp(NUMBER, CODE, ref_id="R1")
    return "R1"


@each_command
def test_people_read_a_few_facts_and_programs_every_field(run: Run, ended: str, command: str) -> None:
    ran = run(command, ended)
    assert (ran.exit_code, ran.stderr) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines())
    assert (facts["status"], facts["to"], facts["ref_id"]) == ("answered", MASKED, "R1")
    ran = run(command, ended, "--json")
    record = ran.only("record")
    assert (ran.exit_code, ran.stderr, record["ref_id"], record["id"]) == (0, "", "R1", facts["call_id"])
    assert (record["status"], record["to_number"], record["billsec"]) == ("answered", MASKED, 8)
    assert record["additional"]["code_otp"] == "***"


def test_no_record_has_an_exit_code_of_its_own_and_a_failed_look_up_another(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("cdr", "nobody-knows", "--json")
    assert (ran.exit_code, ran.only("error")["status_code"]) == (4, 404)
    ran = run("wait", "nobody-knows", "--timeout", "0.1")
    assert (ran.exit_code, "no finished record within 0.1 s" in ran.stderr) == (4, True)
    ran = run("cdr", "..")
    assert (ran.exit_code, "REF_ID: must not be" in ran.stderr) == (2, True)
    monkeypatch.setenv("AUTOCALL_TOKEN", "wrong")
    assert run("cdr", "r1").exit_code == 1
    assert run("wait", "r1", "--json").only("error")["error"] == "AuthenticationError"


@each_command
def test_host_and_file_may_be_given_as_options(
    run: Run, ended: str, sandbox: Sandbox, home: Path, command: str
) -> None:
    file = home / "mine.toml"
    file.write_text(f'host = "{sandbox.url}"', encoding="utf-8")
    assert run(command, ended, "--host", sandbox.url, AUTOCALL_API_HOST="http://127.0.0.1:1").exit_code == 0
    assert run(command, ended, "--config", str(file), AUTOCALL_API_HOST="").exit_code == 0


def test_a_wait_takes_two_minutes_unless_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(Client, "wait_for_cdr", lambda *_, timeout, **_more: asked.append(timeout) or Cdr())
    codes = [run("wait", "R1", *more).exit_code for more in ((), ("--timeout", "0.1"), ("--timeout", "0.09"))]
    assert (codes, asked) == ([0, 0, 2], [120.0, 0.1])


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "no record yet"),
        (Cdr(time_started=THEN), "under way"),
        (Cdr(time_ringing=THEN), "ringing"),
        (Cdr(time_ringing=THEN, time_answered=THEN, status="strange"), "talking"),
        (Cdr(time_answered=THEN, time_ended=THEN), "ended"),
        (Cdr(time_ended=THEN, status="strange"), "strange"),
        (Cdr(status=CallStatus.NO_ANSWERED), "no-answered"),
    ],
)
def test_where_a_call_stands(record: Cdr | None, words: str) -> None:
    assert stage(record) == words


def test_programs_read_a_line_for_each_look_up(run: Run) -> None:
    ran = run("wait", "nobody-knows", "--json", "--timeout", "0.1")
    *progress, error = ran.lines
    assert (bool(progress), error["type"]) == (True, "error")
    for line in progress:
        assert set(line) == {"type", "ref_id", "stage", "look_ups", "elapsed", "remaining", "reason"}
        assert line["remaining"] == pytest.approx(max(0, 0.1 - line["elapsed"]), abs=0.002)


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_people_watch_it_on_a_terminal() -> None:
    with Sandbox(speed=0, token=TOKEN) as slow:
        terminal = Terminal("run", NUMBER, "--generate", "--wait", "--timeout", "60", AUTOCALL_API_HOST=slow.url)
        terminal.until("no record yet, up to 60 s, 1 look-ups")
        slow.advance(30)
        assert terminal.end() == 0
    assert "NORMAL_CLEARING" in terminal.seen
    assert "\x1b[2K" in terminal.seen, "what moved is gone"


def test_what_is_not_known_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    show_record(Output(as_json=False), Cdr(time_ringing=THEN), "R1")
    assert capsys.readouterr() == ("status    ringing\nanswered  no\nref_id    R1\n", "the call is not over yet\n")


@pytest.mark.parametrize("as_json", [True, False])
def test_neither_a_secret_nor_an_order_to_the_terminal_is_shown(
    capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    raw = Payload({"additional": {"code_otp": CODE}, "to_number": NUMBER})
    record = Cdr(id=f"c-{CODE}", cause=f"\x1b]0;said {CODE}", status=f"to {NUMBER}", time_ended=THEN, raw=raw)
    show_record(Output(as_json=as_json), record, "R1")
    out = capsys.readouterr().out
    assert not [word for word in (CODE, NUMBER, "\x1b") if word in out]
    assert all(words in out for words in ("c-***", "said ***", f"to {MASKED}"))
