"""What is printed and where; and how a command ends, whatever happened."""

import json
import os
import re
import shlex
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from autocall_otp import (
    AutocallError,
    CdrTimeoutError,
    ConfigurationError,
    InvalidRequestError,
    NotFoundError,
    Outcome,
    RateLimitedError,
    TransportError,
)
from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output, command_to_wait, ending, plain
from cli.conftest import Run, Terminal

Captured = pytest.CaptureFixture[str]
TOLD = {Exit.DONE: "PLACED", Exit.NO_RECORD: "PLACED", Exit.MAY_HAVE_RUNG: "UNKNOWN", Exit.FAILED: "NOT_PLACED"}
LONG = "words that do not fit " * 20 + "end"
LIMITED = RateLimitedError("too\x1b many", ref_id="R1", retryable=True, status_code=429)


@given(st.text())
def test_nothing_that_a_terminal_would_obey_is_printed(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    assert [(a, b) for a, b in zip(text, shown, strict=True) if a != b and a.isprintable()] == []


def test_a_text_is_printed_as_it_is(capsys: Captured) -> None:
    out = Output(as_json=False)
    for text in ("12", "[red]12[/] :bell: 'x'", "Nguyễn", LONG):
        out.say(text)
        out.note(text)
        assert capsys.readouterr() == (f"{text}\n", f"{text}\n")


def test_programs_read_json_on_stdout_alone(capsys: Captured) -> None:
    out = Output(as_json=True)
    out.note("by the way")
    out.line("call", ref_id="R\n1", text=LONG)
    out.error(LIMITED, Exit.FAILED)
    stdout, stderr = capsys.readouterr()
    call, error = (json.loads(line) for line in stdout.splitlines())
    assert stderr == ""
    assert call == {"type": "call", "ref_id": "R\n1", "text": LONG}
    about = {"ref_id": "R1", "retryable": True, "status_code": 429, "exit_code": 1, "outcome": None}
    assert error == {"type": "error", "error": "RateLimitedError", "message": "too\x1b many"} | about


def test_the_command_to_go_on_with_can_be_pasted() -> None:
    for ref_id in ("R1", "đơn 42; rm -rf", "-x", "--json"):
        words = shlex.split(command_to_wait(ref_id))
        assert words == ["autocall-otp", "wait", *(["--"] if ref_id.startswith("-") else []), ref_id]


def ended(out: Output, error: BaseException | None = None) -> int:
    """The exit code of a command that this happens to."""
    with pytest.raises(typer.Exit) as caught, ending(out):  # noqa: PT012 - the error passes through `ending`
        if error:
            raise error
    return caught.value.exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (typer.Exit(4), 4),
        (NotFoundError("none there"), 4),
        (CdrTimeoutError("not yet", outcome=Outcome.UNKNOWN), 4),
        (ConfigurationError("no host"), 5),
        (InvalidRequestError("no number"), 2),
        (TransportError("no answer", outcome=Outcome.UNKNOWN), 1),
        (LIMITED, 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_without_a_call_the_exit_code_is_that_of_what_happened(error: BaseException | None, code: int) -> None:
    assert ended(Output(as_json=False), error) == code


@pytest.mark.parametrize("phone", TOLD)
@pytest.mark.parametrize("error", [None, AutocallError("x"), KeyboardInterrupt(), LookupError("s3cret"), OSError(5)])
def test_once_a_call_was_asked_for_the_exit_code_tells_of_the_phone(
    capsys: Captured, phone: Exit, error: BaseException | None
) -> None:
    out = Output(as_json=True)
    out.phone, out.calling = phone, "R1"
    assert ended(out, error) == phone
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    known = [(line["exit_code"], line["outcome"], line["ref_id"]) for line in lines]
    assert known == [(phone, TOLD[phone], "R1")] * bool(error)
    assert "s3cret" not in str(lines)


def test_before_a_call_a_bug_shows_itself() -> None:
    with pytest.raises(LookupError), ending(Output(as_json=True)):
        raise LookupError


def test_the_first_ctrl_c_decides() -> None:
    out = Output(as_json=False)
    with pytest.raises(typer.Exit) as caught, ending(out):  # noqa: PT012 - the same
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            out.phone = Exit.MAY_HAVE_RUNG
    assert caught.value.exit_code == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_never_written_to_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # It is flushed once more when it is closed, as Python does with stdout at the end.
    with Path("/dev/full").open("w", encoding="utf-8") as disk:
        monkeypatch.setattr(sys, "stdout", disk)
        Output(as_json=False).say("a record")


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.usefixtures("home")
def test_no_color_is_kept_on_a_terminal_and_nothing_moves_in_a_dumb_one() -> None:
    terminals = [Terminal("config", **more) for more in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"})]
    assert [terminal.end() for terminal in terminals] == [0, 0, 0]
    styled, bare, dumb = (re.findall(r"\x1b\[[0-9;]*m", terminal.seen) for terminal in terminals)
    assert styled
    assert not [style for style in bare if re.search(r"[34]\d", style)]
    assert not dumb


def test_a_command_runs_in_any_thread(run: Run) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run, "config").result().exit_code == 0
