"""How a wait looks, and what a record is shown as: in a pipe, on a terminal, for programs."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from autocall_otp import CallStatus, Cdr, Payload
from autocall_otp._cli.output import Output
from autocall_otp._cli.waiting import show_record, stage
from autocall_otp.sandbox import Sandbox
from cli.conftest import CODE, MASKED, NUMBER, START, TOKEN, Run, Terminal, start

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(300)
THEN = datetime(2026, 5, 4, 9, tzinfo=UTC)


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


@pytest.mark.usefixtures("environment")
def test_programs_read_a_line_for_each_look_up(run: Run) -> None:
    ref_id = run("run", "0900000021", "--generate", "--json").only("call")["ref_id"]
    ran = run("wait", ref_id, "--json", "--timeout", "30")
    assert ran.exit_code == 0
    *progress, record = ran.lines
    assert record["type"] == "record"
    for line in progress:
        assert set(line) == {"type", "ref_id", "stage", "look_ups", "elapsed", "remaining", "reason"}
        assert line["elapsed"] + line["remaining"] == pytest.approx(30, abs=0.1)


@pytest.fixture
def slow(environment: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Its clock stands still: the test ends the call."""
    assert environment
    with Sandbox(speed=0, token=TOKEN) as running:
        monkeypatch.setenv("AUTOCALL_API_HOST", running.url)
        yield running


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_people_watch_it_on_a_terminal(slow: Sandbox) -> None:
    terminal = Terminal("run", NUMBER, "--generate", "--wait", "--timeout", "60")
    terminal.until("no record yet, up to 60 s, 1 look-ups")
    slow.advance(30)
    assert terminal.end() == 0
    assert "NORMAL_CLEARING" in terminal.seen
    assert "\x1b[2K" in terminal.seen, "what moved is gone"


def test_a_pipe_gets_neither_colour_nor_movement(slow: Sandbox) -> None:
    process = start("run", NUMBER, "--generate", "--wait", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    slow.wait_for_call(timeout=START)
    slow.advance(30)
    out, err = process.communicate(timeout=START)
    assert process.returncode == 0
    assert not [word for word in ("\x1b", "look-ups", "no record yet") if word in out + err]


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
    if as_json:
        assert json.loads(out) == {"type": "record", "ref_id": "R1"} | record.to_dict(masked=True)
