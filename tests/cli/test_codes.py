"""The code: never on a command line, never echoed, never guessed."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from autocall_otp._cli.codes import make_code
from cli.conftest import CODE, MASKED, NUMBER, SECRETS, Run, Terminal

if TYPE_CHECKING:
    from autocall_otp.sandbox import Sandbox

pytestmark = [pytest.mark.usefixtures("environment"), pytest.mark.timeout(300)]
on_a_terminal = pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")


@pytest.mark.parametrize(
    ("text", "code"),
    [(f"{CODE}\n", CODE), (f"{CODE}\r\nanother\n", CODE), (CODE, CODE), ("XX12X\n", "XX12X"), ("12 34\n", "12 34")],
)
def test_the_first_line_of_stdin_is_the_code(
    run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, text: str, code: str
) -> None:
    monkeypatch.setenv("AUTOCALL_CODE", "another")
    assert run("run", NUMBER, "--code-stdin", stdin=text).exit_code == 0
    assert sandbox.calls[0].code_otp == code


def test_the_environment_may_hold_it(run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_CODE", CODE)
    assert run("run", NUMBER).exit_code == 0
    assert sandbox.calls[0].code_otp == CODE


def test_one_that_is_made_up_is_heard_and_not_printed(run: Run, sandbox: Sandbox) -> None:
    ran = run("run", NUMBER, "--generate", "--length", "9", "--json", "--wait")
    code = sandbox.calls[0].code_otp
    assert re.fullmatch("[0-9]{9}", code)
    assert code not in ran.stdout + ran.stderr


def test_made_up_codes_differ_in_every_place() -> None:
    codes = [make_code() for _ in range(300)]
    assert {len(code) for code in codes} == {6}
    assert all(len(set(digits)) == 10 for digits in zip(*codes, strict=True))


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        ([], "", "--code-stdin or AUTOCALL_CODE, or use --generate"),
        (["--code-stdin", "--generate"], CODE, "give one of them"),
        (["--code-stdin"], "\n", "no code was given"),
        (["--code-stdin"], "7" * 5000, "the code: must have 1 to 64 characters"),
        ([CODE[:2]], "", "unexpected extra argument"),
    ],
)
def test_no_code_two_codes_or_one_on_the_command_line_is_wrong_usage(
    run: Run, sandbox: Sandbox, arguments: list[str], stdin: str, words: str
) -> None:
    ran = run("run", NUMBER, *arguments, stdin=stdin)
    assert (ran.exit_code, words in ran.stderr) == (2, True)
    assert sandbox.calls == []


@on_a_terminal
def test_it_is_asked_for_without_echo(sandbox: Sandbox) -> None:
    terminal = Terminal("run", NUMBER)
    terminal.until("Code to read aloud: ")
    terminal.type(f"{CODE}\n")
    assert terminal.end() == 0
    assert sandbox.calls[0].code_otp == CODE
    assert not [secret for secret in SECRETS if secret in terminal.seen]
    assert MASKED in terminal.seen


@on_a_terminal
@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 2)])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_whoever_gives_none_places_no_call(sandbox: Sandbox, key: str, code: int, more: list[str]) -> None:
    terminal = Terminal("run", NUMBER, *more, NO_COLOR="1")
    terminal.until("Code to read aloud: ")
    if key == "\x04":
        terminal.type(key)
    assert (terminal.interrupt() if key == "\x03" else terminal.end()) == code
    assert sandbox.calls == []
    last = terminal.seen.rpartition("aloud: ")[2].strip()
    if more:
        assert json.loads(last)["exit_code"] == code
    else:
        assert last == ("autocall-otp: interrupted" if code == 130 else "autocall-otp: no code was given")
