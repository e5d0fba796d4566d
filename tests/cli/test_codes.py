"""The code: never on a command line, never echoed, never guessed."""

import json
import os
import re
import subprocess
import sys

import pytest

from autocall_otp._cli.codes import make_code
from autocall_otp.sandbox import Sandbox
from cli.conftest import CODE, MASKED, NUMBER, SECRETS, START, Run, Terminal

pytestmark = [pytest.mark.usefixtures("environment"), pytest.mark.timeout(300)]
on_a_terminal = pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")


def test_the_first_line_of_stdin_is_the_code_or_else_the_environment_holds_it(
    run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOCALL_CODE", CODE)
    for text in (f"{CODE}\n", "XX12X\r\nanother\n", "12 34"):
        assert run("run", NUMBER, "--code-stdin", stdin=text).exit_code == 0
    assert run("run", NUMBER).exit_code == 0
    assert [call.code_otp for call in sandbox.calls] == [CODE, "XX12X", "12 34", CODE]


def test_one_that_is_made_up_is_heard_and_not_printed(run: Run, sandbox: Sandbox) -> None:
    ran = run("run", NUMBER, "--generate", "--length", "9", "--json", "--wait")
    code = sandbox.calls[0].code_otp
    assert re.fullmatch("[0-9]{9}", code)
    assert code not in ran.output
    made = [make_code() for _ in range(300)]
    assert {len(code) for code in made} == {6}
    assert all(len(set(digits)) == 10 for digits in zip(*made, strict=True)), "they differ in every place"


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
    assert (ran.exit_code, words in ran.stderr, sandbox.calls) == (2, True, [])


@pytest.mark.skipif(os.name != "posix", reason="a shell closes it")
def test_without_a_stdin_there_is_no_code_and_no_consent(sandbox: Sandbox) -> None:
    shell = ["/bin/sh", "-c", '"$0" -m autocall_otp "$@" <&-', sys.executable]
    for command, code, words in (
        (["run", NUMBER, "--code-stdin"], 2, "no code was given"),
        (["doctor", "--place-call-to", NUMBER], 0, "no call is placed"),
    ):
        ran = subprocess.run([*shell, *command], capture_output=True, text=True, check=False, timeout=START)
        assert (ran.returncode, words in ran.stderr, sandbox.calls) == (code, True, []), ran.stderr


@on_a_terminal
def test_it_is_asked_for_without_echo(sandbox: Sandbox) -> None:
    terminal = Terminal("run", NUMBER)
    terminal.until("Code to read aloud: ")
    terminal.type(f"{CODE}\n")
    assert terminal.end() == 0
    assert sandbox.calls[0].code_otp == CODE
    assert ([secret for secret in SECRETS if secret in terminal.seen], MASKED in terminal.seen) == ([], True)


@on_a_terminal
@pytest.mark.parametrize(
    ("more", "key", "code", "words"),
    [(["--json"], "\x03", 130, ""), ([], "\x04", 2, "no code was given")],
)
def test_whoever_gives_none_places_no_call(sandbox: Sandbox, more: list[str], key: str, code: int, words: str) -> None:
    terminal = Terminal("run", NUMBER, *more, NO_COLOR="1")
    terminal.until("Code to read aloud: ")
    if key == "\x04":
        terminal.type(key)
    assert (terminal.interrupt() if key == "\x03" else terminal.end()) == code
    assert sandbox.calls == []
    last = terminal.seen.rpartition("aloud: ")[2].strip()
    assert json.loads(last)["exit_code"] == code if more else last == f"autocall-otp: {words}"
