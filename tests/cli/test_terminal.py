"""What people see: colour and movement on a terminal only, help that fits a screen, completion."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from autocall_otp.sandbox import Sandbox
from cli.conftest import CODE, MASKED, NUMBER, SECRETS, start

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
COMMANDS = ["run", "cdr", "wait", "doctor", "config", "sandbox", "check-recording"]


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.ours, theirs = os.openpty()
        env = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
        env |= {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"} | environment
        self.process = start(*arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
        os.close(theirs)
        self.seen = ""

    def until(self, text: str, seconds: float = 20.0) -> None:
        """Read until a text appears, or until the end."""
        end = time.monotonic() + seconds
        while text not in self.seen or not text:
            assert time.monotonic() < end, self.seen
            if select.select([self.ours], [], [], 0.2)[0]:
                try:
                    data = os.read(self.ours, 4096)
                except OSError:
                    return  # Linux's word for the end of a terminal
                if not data:
                    return
                self.seen += data.decode()

    def end(self) -> int:
        self.until("")
        return self.process.wait(20)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """Its clock stands still: the test ends the call."""
    with Sandbox(speed=0, token="s4ndbox-t0ken") as running:
        yield running


@pytest.fixture(autouse=True)
def _here(slow: Sandbox, environment: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment
    monkeypatch.setenv("AUTOCALL_API_HOST", slow.url)


def test_the_code_is_asked_for_without_echo(slow: Sandbox) -> None:
    terminal = Terminal("run", NUMBER)
    terminal.until("Code to read aloud: ")  # the space comes once there is no echo any more
    terminal.type(f"{CODE}\n")
    assert terminal.end() == 0
    assert slow.calls[0].code_otp == CODE
    assert not [secret for secret in SECRETS if secret in terminal.seen]
    assert MASKED in terminal.seen


def test_a_wait_is_watched_live(slow: Sandbox) -> None:
    terminal = Terminal("run", NUMBER, "--generate", "--wait", "--timeout", "30")
    terminal.until("no record yet")
    terminal.until(" s of 30 s")
    terminal.until("1 look-ups")
    slow.advance(30)
    assert terminal.end() == 0
    assert "\x1b[" in terminal.seen
    assert "NORMAL_CLEARING" in terminal.seen


def test_no_color_is_kept_on_a_terminal(slow: Sandbox) -> None:
    coloured, bare = Terminal("doctor"), Terminal("doctor", NO_COLOR="1")
    assert coloured.end() == bare.end() == 0
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]")
    assert colour.search(coloured.seen)
    assert not colour.search(bare.seen)
    assert slow.calls == []


def test_a_pipe_gets_neither_colour_nor_movement(slow: Sandbox) -> None:
    process = start("run", NUMBER, "--generate", "--wait", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    slow.wait_for_call(timeout=20)
    slow.advance(30)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "\x1b" not in out + err
    assert "look-ups" not in out + err
    assert "no record yet" not in out + err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_screen(command: str) -> None:
    terminal = Terminal(command, "--help")
    assert terminal.end() == 0
    lines = terminal.seen.rstrip().split("\r\n")
    assert len(lines) < 24, terminal.seen
    assert max(map(len, lines)) <= 80
    assert "0 done, 1 failed, 2 usage, 3 may have rung, 4 no record, 5 settings" in terminal.seen
    assert "--json" in terminal.seen


def test_the_first_help_tells_what_the_exit_codes_mean() -> None:
    terminal = Terminal("--help")
    assert terminal.end() == 0
    assert all(command in terminal.seen for command in COMMANDS)
    assert "look the call up before asking for another" in " ".join(terminal.seen.split())
    assert len(terminal.seen.rstrip().split("\r\n")) < 24


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_commands(shell: str) -> None:
    code = "import sys; from autocall_otp.cli import main; sys.argv = ['autocall-otp']; main()"
    environment = {
        "_AUTOCALL_OTP_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "autocall-otp do",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": "autocall-otp do",
        "COMP_CWORD": "1",
    }
    command, env = [sys.executable, "-c", code], os.environ | environment
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert "doctor" in done.stdout, done.stderr


def test_nothing_of_the_command_is_imported_by_the_package() -> None:
    # httpx itself imports rich and click where it finds them.
    ours = "{'autocall_otp._cli', 'autocall_otp.cli', 'typer', 'platformdirs', 'tomllib'}"
    code = f"import sys, autocall_otp; print({ours} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_missing_package_of_the_extra_is_named() -> None:
    code = "import sys; sys.modules['platformdirs'] = None; from autocall_otp.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "pip install 'autocall-otp[cli]'" in done.stderr) == (2, True)
