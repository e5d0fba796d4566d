"""How a wait looks, and what a record is shown as: for people in a pipe, for people on a terminal, for programs."""

from __future__ import annotations

import io
import json
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from rich.live import Live

from autocall_otp._cli import waiting
from autocall_otp._cli.output import Output
from autocall_otp._cli.waiting import show_record, stage, wait_for
from autocall_otp._config import VIETNAM
from autocall_otp._payload import Payload
from autocall_otp.models import CallStatus, Cdr, WaitProgress
from cli.conftest import CODE, MASKED, NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable

STARTED, RINGING, ANSWERED, ENDED = (datetime(2026, 5, 4, 9, 0, second, tzinfo=VIETNAM) for second in (0, 2, 7, 15))
DONE = Cdr(id="c1", status=CallStatus.ANSWERED)
PROGRESS = WaitProgress(look_ups=2, elapsed=1.23456, remaining=8.76544, record=None, reason="not\x1byet")


class Client:
    """Tells its progress once, and has the record then."""

    def __init__(self, progress: WaitProgress = PROGRESS) -> None:
        self.waits: list[tuple[str, float]] = []
        self.told: object = None
        self._progress = progress

    def wait_for_cdr(
        self, ref_id: str, *, timeout: float, progress: Callable[[WaitProgress], None] | None = None
    ) -> Cdr:
        self.waits.append((ref_id, timeout))
        self.told = progress
        if progress:
            progress(self._progress)
        return DONE


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the view says these, one after the other, and the last one again and again."""
    given = [100.0]
    clock = SimpleNamespace(monotonic=lambda: given.pop(0) if len(given) > 1 else given[0])
    monkeypatch.setattr(waiting, "time", clock)
    return given


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "100", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)


def drawn(view: Any) -> list[str]:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(view)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "no record yet"),
        (Cdr(), "under way"),
        (Cdr(time_started=STARTED), "under way"),
        (Cdr(time_ringing=RINGING), "ringing"),
        (Cdr(time_ringing=RINGING, time_answered=ANSWERED), "talking"),
        (Cdr(time_answered=ANSWERED, status="strange"), "talking"),
        (Cdr(time_answered=ANSWERED, time_ended=ENDED), "ended"),
        (Cdr(time_ended=ENDED, status="strange"), "strange"),
        (Cdr(status=CallStatus.NO_ANSWERED), "no-answered"),
    ],
)
def test_where_a_call_stands(record: Cdr | None, words: str) -> None:
    assert stage(record) == words


class TestView:
    """What is drawn while somebody watches."""

    @pytest.mark.parametrize(
        ("seconds", "timeout", "bar", "words"),
        [
            (0, 10, 0, "0 s of 10 s"),
            (5, 10, 12, "5 s of 10 s"),
            (5.6, 10, 13, "6 s of 10 s"),
            (2.5, 2.5, 24, "2 s of 2.5 s"),
            (30, 20, 24, "20 s of 20 s"),
        ],
    )
    def test_a_bar_fills_with_the_time(
        self, moments: list[float], seconds: float, timeout: float, bar: int, words: str
    ) -> None:
        view = waiting._View("R1", timeout)
        moments[:] = [100.0 + seconds]
        full = f"{'━' * bar:24}"
        assert drawn(view) == [f"no record yet {full} {words} 0 look-ups", "R1: looking it up"]

    def test_it_shows_what_the_last_look_up_found(self, moments: list[float]) -> None:
        assert moments
        view = waiting._View("R\x1b1", 10)
        view.update(
            WaitProgress(look_ups=3, elapsed=1, remaining=9, record=Cdr(time_ringing=RINGING), reason="not\x1byet")
        )
        assert drawn(view) == [f"ringing {'':24} 0 s of 10 s 3 look-ups", "R\ufffd1: not\ufffdyet"]

    def test_the_stage_stands_out_and_the_rest_does_not(self, moments: list[float]) -> None:
        assert moments
        console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="standard")
        styles = {
            part.text: str(part.style) for part in console.render(waiting._View("R1", 10)) if part.text.strip("━ \n")
        }
        assert styles == {
            "no record yet": "bold",
            "0 s of 10 s": "None",
            "0 look-ups": "dim",
            "R1: looking it up": "dim",
        }


class TestWait:
    """The record is waited for."""

    def test_programs_read_a_line_for_each_look_up(self, capsys: pytest.CaptureFixture[str]) -> None:
        client: Any = Client()
        assert wait_for(Output(as_json=True), client, "R1", 10.0) is DONE
        assert json.loads(capsys.readouterr().out) == {
            "type": "progress",
            "ref_id": "R1",
            "stage": "no record yet",
            "look_ups": 2,
            "elapsed": 1.235,
            "remaining": 8.765,
            "reason": "not\x1byet",
        }
        ringing = WaitProgress(look_ups=3, elapsed=2, remaining=8, record=Cdr(time_ringing=RINGING), reason="no end")
        again: Any = Client(ringing)
        wait_for(Output(as_json=True), again, "R1", 10.0)
        assert json.loads(capsys.readouterr().out)["stage"] == "ringing"
        assert client.waits == [("R1", 10.0)]

    def test_people_read_nothing_of_it_in_a_pipe(self, capsys: pytest.CaptureFixture[str]) -> None:
        client: Any = Client()
        assert wait_for(Output(as_json=False), client, "R1", 10.0) is DONE
        assert (client.waits, client.told) == ([("R1", 10.0)], None)
        assert capsys.readouterr() == ("", "")

    @pytest.mark.usefixtures("terminal")
    def test_people_see_it_on_a_terminal_as_long_as_it_takes(
        self, capsys: pytest.CaptureFixture[str], moments: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rates: list[float] = []

        class Seen(Live):
            def start(self, refresh: bool = False) -> None:  # noqa: FBT001, FBT002 - as rich has it
                rates.append(self.refresh_per_second)
                super().start(refresh)

        assert moments
        monkeypatch.setattr(waiting, "Live", Seen)
        client: Any = Client()
        assert wait_for(Output(as_json=False), client, "R1", 10.0) is DONE
        out, err = capsys.readouterr()
        assert (out, client.waits, rates) == ("", [("R1", 10.0)], [8])
        assert err.index("R1: looking it up") < err.index("R1: not\ufffdyet")
        assert " 0 s of 10 s " in err
        rest = err.rpartition("R1: not\ufffdyet")[2]
        assert rest.endswith("\x1b[1A\x1b[2K\x1b[1A\x1b[2K"), "both lines are gone"


class TestRecord:
    """The record is shown."""

    FULL = Cdr(
        id="c1",
        cause="NORMAL_CLEARING",
        duration=15,
        billsec=0,
        from_number="02871234586",
        to_number=NUMBER,
        time_started=STARTED,
        time_answered=ANSWERED,
        time_ended=ENDED,
        status=CallStatus.ANSWERED,
        raw=Payload({}, {CODE: "***"}),
    )

    SHOWN = f"""\
status    answered
answered  yes
duration  15 s
talk      0 s
cause     NORMAL_CLEARING
to        {MASKED}
from      0287***586
started   2026-05-04T09:00:00+07:00
picked up 2026-05-04T09:00:07+07:00
ended     2026-05-04T09:00:15+07:00
ref_id    R1
call_id   c1
"""

    def test_people_read_a_few_facts(self, capsys: pytest.CaptureFixture[str]) -> None:
        show_record(Output(as_json=False), self.FULL, "R1")
        assert capsys.readouterr() == (self.SHOWN, "")

    def test_what_is_not_known_is_left_out(self, capsys: pytest.CaptureFixture[str]) -> None:
        show_record(Output(as_json=False), Cdr(time_ended=ENDED), "R1")
        ended = "ended     2026-05-04T09:00:15+07:00\n"
        assert capsys.readouterr() == (f"status    ended\nanswered  no\n{ended}ref_id    R1\n", "")

    @pytest.mark.usefixtures("terminal")
    def test_a_call_that_is_not_over_is_told_in_yellow(self, capsys: pytest.CaptureFixture[str]) -> None:
        show_record(Output(as_json=False), Cdr(time_ringing=RINGING), "R1")
        out, err = capsys.readouterr()
        assert err == "\x1b[33mthe call is not over yet\x1b[0m\n"
        assert out.splitlines()[0] == "\x1b[2mstatus    \x1b[0mringing"
        show_record(Output(as_json=True), Cdr(time_ringing=RINGING), "R1")
        assert capsys.readouterr().err == ""

    def test_programs_read_every_field(self, capsys: pytest.CaptureFixture[str]) -> None:
        show_record(Output(as_json=True), self.FULL, "R1")
        line = json.loads(capsys.readouterr().out)
        assert line == {"type": "record", "ref_id": "R1"} | self.FULL.to_dict(masked=True)
        assert (line["to_number"], line["status"], line["answered"]) == (MASKED, "answered", True)

    @pytest.mark.parametrize("as_json", [True, False])
    def test_no_secret_is_shown_that_the_service_repeats(
        self, capsys: pytest.CaptureFixture[str], *, as_json: bool
    ) -> None:
        raw = Payload({"additional": {"code_otp": CODE}, "to_number": NUMBER})
        record = Cdr(id=f"c-{CODE}", cause=f"said {CODE}", status=f"to {NUMBER}", time_ended=ENDED, raw=raw)
        show_record(Output(as_json=as_json), record, "R1")
        out = capsys.readouterr().out
        assert (CODE in out, NUMBER in out) == (False, False)
        assert all(words in out for words in ("c-***", "said ***", f"to {MASKED}"))
