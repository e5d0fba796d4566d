"""What is printed, letter for letter: where it goes, in which colour, and with which exit code a command ends."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import typer

from autocall_otp import AutocallError, ConfigurationError, NotFoundError, Outcome, RateLimitedError
from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output, ending_well, never_as_failed, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

Captured = pytest.CaptureFixture[str]
RED, BOLD, DIM, END = "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
LONG = "words that do not fit " * 4 + "end"


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No terminal, and no room either."""
    for name in ("FORCE_COLOR", "NO_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "20")


@pytest.fixture
def colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")


def people() -> Output:
    return Output(as_json=False)


def programs() -> Output:
    return Output(as_json=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Nguyễn, 15 s", "Nguyễn, 15 s"),
        ("a\nb\rc\td", "a�b�c�d"),
        ("\x1b]0;title\x07", "�]0;title�"),
        ("\x9b31m\u202eright to left\u2028", "�31m�right to left�"),
        (12.5, "12.5"),
        ("", ""),
    ],
)
def test_what_a_terminal_would_obey_is_replaced_letter_by_letter(text: object, shown: str) -> None:
    assert plain(text) == shown


def test_a_result_goes_to_stdout_and_a_note_to_stderr(capsys: Captured) -> None:
    people().say("done\x07")
    people().note("by the way\x07")
    assert capsys.readouterr() == ("done�\n", "by the way�\n")


def test_with_json_a_note_is_not_printed(capsys: Captured) -> None:
    programs().note("by the way")
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("colour")
def test_a_result_and_a_note_have_the_colour_that_they_are_given(capsys: Captured) -> None:
    people().say("done", "bold")
    people().note("careful", "red")
    people().say("so")
    people().note("so")
    assert capsys.readouterr() == (f"{BOLD}done{END}\nso\n", f"{RED}careful{END}\nso\n")


def test_no_line_is_wrapped_or_cut(capsys: Captured) -> None:
    people().say(LONG)
    people().note(LONG)
    assert capsys.readouterr() == (f"{LONG}\n", f"{LONG}\n")


@pytest.mark.usefixtures("colour")
def test_a_text_is_never_read_as_markup_nor_made_prettier(capsys: Captured) -> None:
    """As a table prints its cells."""
    text = "[red]12[/] :bell: 'x'"
    people().out.print(text)
    people().err.print(text)
    assert capsys.readouterr() == (f"{text}\n", f"{text}\n")


@pytest.mark.usefixtures("colour")
def test_facts_stand_in_two_columns_and_what_is_unknown_is_left_out(capsys: Captured) -> None:
    people().facts({"to": "0332***711", "talk": None, "status": "odd\x1b", "rings": 0, "empty": ""})
    wanted = [f"{DIM}to        {END}0332***711", f"{DIM}status    {END}odd�", f"{DIM}rings     {END}0"]
    assert capsys.readouterr() == ("\n".join([*wanted, f"{DIM}empty     {END}"]) + "\n", "")


@pytest.mark.parametrize(
    ("environment", "for_people"),
    [
        ({"FORCE_COLOR": "1", "TERM": "xterm-256color"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_something_moves_only_for_people_on_a_terminal_that_can(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    for_people: bool,  # noqa: FBT001 - a column of the table
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert people().is_live is for_people
    assert programs().is_live is False


def test_a_line_of_json_begins_with_its_type_and_is_one_line(capsys: Captured) -> None:
    programs().line("call", ref_id="R\n1", rings=1, text=LONG, record=None, markup="[red]\x1b")
    shown = capsys.readouterr()
    assert shown.err == ""
    rest = '"rings": 1, "text": "' + LONG + '", "record": null, "markup": "[red]\\u001b"}\n'
    assert shown.out == '{"type": "call", "ref_id": "R\\n1", ' + rest


LIMITED = RateLimitedError(
    "too\x1b many", outcome=Outcome.NOT_PLACED, ref_id="R1", retryable=True, status_code=429, retry_after=5.0
)


@pytest.mark.usefixtures("colour")
def test_an_error_is_red_for_people(capsys: Captured) -> None:
    people().error(LIMITED, Exit.FAILED)
    assert capsys.readouterr() == ("", f"{RED}autocall-otp: too� many{END}\n")


def test_an_error_is_told_in_full_to_programs(capsys: Captured) -> None:
    programs().error(LIMITED, Exit.FAILED, outcome="NOT_PLACED")
    programs().error(ConfigurationError("no host"), Exit.CONFIGURATION)
    shown = capsys.readouterr()
    assert shown.err == ""
    assert [json.loads(line) for line in shown.out.splitlines()] == [
        {
            "type": "error",
            "error": "RateLimitedError",
            "message": "too\x1b many",
            "outcome": "NOT_PLACED",
            "ref_id": "R1",
            "retryable": True,
            "status_code": 429,
            "exit_code": 1,
        },
        {
            "type": "error",
            "error": "ConfigurationError",
            "message": "no host",
            "outcome": None,
            "ref_id": None,
            "retryable": False,
            "status_code": None,
            "exit_code": 5,
        },
    ]


@pytest.mark.usefixtures("colour")
def test_a_failure_of_the_command_is_red_for_people_and_ends_it(capsys: Captured) -> None:
    with pytest.raises(typer.Exit) as caught:
        people().fail("no such\x1b thing", Exit.USAGE)
    assert caught.value.exit_code == 2
    assert capsys.readouterr() == ("", f"{RED}autocall-otp: no such� thing{END}\n")


def test_a_failure_of_the_command_has_the_form_of_an_error_for_programs(capsys: Captured) -> None:
    told = {"type": "error", "error": "USAGE", "message": "no such thing", "retryable": False, "status_code": None}
    with pytest.raises(typer.Exit) as caught:
        programs().fail("no such thing", Exit.USAGE)
    assert caught.value.exit_code == 2
    assert json.loads(capsys.readouterr().out) == told | {"outcome": None, "ref_id": None, "exit_code": 2}
    with pytest.raises(typer.Exit):
        programs().fail("no such thing", Exit.MAY_HAVE_RUNG, outcome="UNKNOWN", ref_id="R1")
    shown = capsys.readouterr()
    known = {"error": "MAY_HAVE_RUNG", "outcome": "UNKNOWN", "ref_id": "R1", "exit_code": 3}
    assert json.loads(shown.out) == told | known
    assert shown.err == ""


@pytest.mark.parametrize(
    ("error", "code"), [(NotFoundError("none there"), 4), (ConfigurationError("none there"), 5), (LIMITED, 1)]
)
def test_an_error_of_a_look_up_becomes_a_message_and_an_exit_code(
    capsys: Captured, error: AutocallError, code: int
) -> None:
    with pytest.raises(typer.Exit) as caught, ending_well(people()):
        raise error
    assert caught.value.exit_code == code
    assert capsys.readouterr() == ("", f"autocall-otp: {plain(error)}\n")


def test_ctrl_c_ends_a_look_up_with_the_code_of_shells(capsys: Captured) -> None:
    with pytest.raises(typer.Exit) as caught, ending_well(people()):
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert capsys.readouterr() == ("", "autocall-otp: interrupted\n")


def test_what_is_no_error_of_ours_is_left_alone() -> None:
    with pytest.raises(RuntimeError), ending_well(people()):
        raise RuntimeError
    with ending_well(people()):
        pass


@contextmanager
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A pipe in the place of stdout, and the end that is read. It is flushed at the end, as Python does it."""
    ours, theirs = os.pipe()
    with open(theirs, "w", encoding="utf-8") as end, monkeypatch.context() as patch:  # noqa: PTH123 - it has no path
        patch.setattr(sys, "stdout", end)
        yield ours


def test_a_reader_gets_each_line_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe(monkeypatch) as reader:
        programs().line("first")
        assert os.read(reader, 100) == b'{"type": "first"}\n'
        os.close(reader)


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.usefixtures("colour")
def test_after_a_call_a_reader_that_goes_away_changes_no_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    out = programs()
    with pipe(monkeypatch) as reader:
        os.close(reader)
        with pytest.raises(typer.Exit) as caught, never_as_failed(out, Exit.NO_RECORD):
            out.line("call")
        out.line("nobody reads it, and nothing fails any more")
    assert caught.value.exit_code == 4
    assert capsys.readouterr() == ("", f"{RED}autocall-otp: cannot print: Broken pipe{END}\n")


@pytest.mark.usefixtures("colour")
def test_after_a_call_a_bug_is_named_and_not_shown(capsys: Captured) -> None:
    with pytest.raises(typer.Exit) as caught, never_as_failed(people(), Exit.MAY_HAVE_RUNG):
        raise LookupError("s4ndbox-t0ken")
    assert caught.value.exit_code == 3
    assert capsys.readouterr() == ("", f"{RED}autocall-otp: LookupError, a bug in this command{END}\n")


def test_after_a_call_an_exit_code_stays_as_it_is(capsys: Captured) -> None:
    with pytest.raises(typer.Exit) as caught, never_as_failed(people(), Exit.MAY_HAVE_RUNG):
        raise typer.Exit(4)
    assert caught.value.exit_code == 4
    with never_as_failed(people(), Exit.MAY_HAVE_RUNG):
        pass
    assert capsys.readouterr() == ("", "")
