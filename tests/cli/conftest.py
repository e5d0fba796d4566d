"""What the tests of the command share: a sandbox, an environment that points at it, a way to run the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from typer.testing import CliRunner

from autocall_otp.cli import app
from autocall_otp.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE, NUMBER, MASKED = "LUAN001", "0332665711", "0332***711"
SECRETS = (CODE, NUMBER, "332665711", "s4ndbox-t0ken")


class Ran:
    """A command that has ended."""

    def __init__(self, exit_code: int, stdout: str, stderr: str) -> None:
        self.exit_code, self.stdout, self.stderr = exit_code, stdout, stderr

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it printed with --json."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def only(self, kind: str) -> dict[str, Any]:
        """Its one line of a kind."""
        (line,) = [line for line in self.lines if line["type"] == kind]
        return line


class Run(Protocol):
    """Runs the command in this process."""

    def __call__(self, *arguments: str, stdin: str = ...) -> Ran: ...


@pytest.fixture(autouse=True)
def _without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may ask all programs for colour."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Its clock runs a thousand times as fast, so that every call is over at once."""
    with Sandbox(speed=1000, token="s4ndbox-t0ken") as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home without settings."""
    for name in [name for name in os.environ if name.startswith("AUTOCALL_")]:
        if name != "AUTOCALL_REPO_TOOLS":
            monkeypatch.delenv(name)
    # What would print in colour where there is no terminal, or without it where there is one.
    for name in ("FORCE_COLOR", "NO_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def environment(sandbox: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that a call needs, in the environment."""
    monkeypatch.setenv("AUTOCALL_API_HOST", sandbox.url)
    monkeypatch.setenv("AUTOCALL_TOKEN", sandbox.token)
    monkeypatch.setenv("AUTOCALL_CAMPAIGN_UUID", "f77dfcf4-0759-4179-93cb-741f481a776e")
    monkeypatch.setenv("AUTOCALL_TEMPLATE", "otp_script_01")
    return home


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: str, stdin: str = "") -> Ran:
        assert app is not None
        result = CliRunner().invoke(app, arguments, input=stdin)
        ran = Ran(result.exit_code, result.stdout, result.stderr)
        for secret in SECRETS:
            assert secret not in ran.stdout + ran.stderr
        return ran

    return invoke


def start(*arguments: str, **options: Any) -> subprocess.Popen[Any]:
    """Run the command in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "autocall_otp", *arguments], **options)
