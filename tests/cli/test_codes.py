"""Where the code comes from, and that it is taken as it was given."""

from __future__ import annotations

import getpass
import io
import secrets
import sys
from typing import TYPE_CHECKING

import pytest
import typer

from autocall_otp._cli.codes import read_code
from autocall_otp._cli.output import Output
from cli.conftest import CODE

if TYPE_CHECKING:
    from pathlib import Path


class Typed(io.StringIO):
    """A stdin that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _outside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable, and nothing on stdin."""
    assert home
    stdin(monkeypatch, "")


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline=""))


def read(*, from_stdin: bool = False, generate: bool = False, length: int = 6) -> str:
    return read_code(Output(as_json=False), from_stdin=from_stdin, generate=generate, length=length)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{CODE}\n", CODE),
        (f"{CODE}\r\n", CODE),
        (CODE, CODE),
        (f"{CODE}\nanother\n", CODE),
        ("XX12X\n", "XX12X"),
        (" 12 34 \n", " 12 34 "),
        ("\n", ""),
        ("", ""),
    ],
)
def test_stdin_s_first_line_is_the_code(monkeypatch: pytest.MonkeyPatch, text: str, code: str) -> None:
    stdin(monkeypatch, text)
    monkeypatch.setenv("AUTOCALL_CODE", "in-the-environment")
    assert read(from_stdin=True) == code


def test_of_a_line_without_an_end_only_the_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, "7" * 5000)
    assert read(from_stdin=True) == "7" * 1024


def test_a_code_that_is_made_up_has_as_many_digits_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    choices: list[str] = []

    def choose(letters: str) -> str:
        choices.append(letters)
        return letters[len(choices)]

    monkeypatch.setattr(secrets, "choice", choose)
    monkeypatch.setenv("AUTOCALL_CODE", "in-the-environment")
    assert read(generate=True, length=5) == "12345"
    assert choices == ["0123456789"] * 5


def test_the_environment_s_code_is_taken_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_CODE", f" {CODE}")
    monkeypatch.setattr(sys, "stdin", Typed("typed\n"))
    assert read() == f" {CODE}"


def test_a_person_is_asked_on_stderr_and_the_code_is_not_echoed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: CODE)
    monkeypatch.setattr(sys, "stdin", Typed("echoed\n"))
    monkeypatch.setenv("AUTOCALL_CODE", "")
    assert read() == CODE
    shown = capsys.readouterr()
    assert (shown.out.rstrip(), shown.err.rstrip()) == ("", "Code to read aloud:")


@pytest.mark.parametrize(
    ("from_stdin", "told"),
    [
        (True, "--code-stdin and --generate: give one of them"),
        (False, "no code: give it with --code-stdin or AUTOCALL_CODE, or use --generate"),
    ],
)
def test_without_a_code_or_with_two_the_command_ends(
    capsys: pytest.CaptureFixture[str],
    from_stdin: bool,  # noqa: FBT001 - a column of the table
    told: str,
) -> None:
    with pytest.raises(typer.Exit) as caught:
        read(from_stdin=from_stdin, generate=from_stdin)
    assert caught.value.exit_code == 2
    assert capsys.readouterr() == ("", f"autocall-otp: {told}\n")
