"""What the tests of the command share: a sandbox, an environment that points at it, ways to run the command."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.network import net
from typer.testing import CliRunner

from autocall_otp._cli.output import Output
from autocall_otp.cli import app
from autocall_otp.sandbox import Sandbox

__all__ = ["net"]
CODE, NUMBER, MASKED = "LUAN001", "0332665711", "0332***711"
TOKEN, CAMPAIGN, TEMPLATE = "s4ndbox-t0ken", "f77dfcf4-0759-4179-93cb-741f481a776e", "otp_script_01"
SECRETS = (CODE, NUMBER, "332665711", TOKEN)
START = 60.0  # seconds for a process to do its work, on a busy machine too
UNWANTED = {
    *("FORCE_COLOR", "NO_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "SSL_CERT_FILE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
}


class Ran(NamedTuple):
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str
    output: str  # both, as a terminal shows them

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["type"] == kind]

    def only(self, kind: str) -> dict[str, Any]:
        (line,) = self.all(kind)
        return line


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _as_started(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither settings, proxies nor wishes for colour; and signals and logs as they were before a command."""
    kept = {"AUTOCALL_REPO_TOOLS", "AUTOCALL_EXAMPLES"}
    for name in list(os.environ):
        if name.upper() in UNWANTED or (name.startswith("AUTOCALL_") and name not in kept):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(Output, "latest", None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # Typer sets its own
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    log = logging.getLogger("autocall_otp.sandbox")
    level, loggers = log.level, [*log.handlers]
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    log.setLevel(level)
    log.handlers[:] = loggers


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox(speed=1_000_000, token=TOKEN) as running:
        yield running


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    """Its clock runs so fast that a call is over before anybody looks it up."""
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home without settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def environment(sandbox: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that a call needs, in the environment."""
    monkeypatch.setenv("AUTOCALL_API_HOST", sandbox.url)
    monkeypatch.setenv("AUTOCALL_TOKEN", TOKEN)
    monkeypatch.setenv("AUTOCALL_CAMPAIGN_UUID", CAMPAIGN)
    monkeypatch.setenv("AUTOCALL_TEMPLATE", TEMPLATE)
    return home


@pytest.fixture
def run() -> Run:
    """Runs the command in this process."""

    def invoke(*arguments: str, stdin: str = "", **environment: str) -> Ran:
        assert app is not None
        # 78 columns are what a terminal of 80 leaves to a help page.
        result = CliRunner().invoke(app, arguments, input=stdin, env=environment, terminal_width=78)
        assert not [secret for secret in SECRETS if secret in result.output]
        return Ran(result.exit_code, result.stdout, result.stderr, result.output)

    return invoke


def start(*arguments: str, **options: Any) -> subprocess.Popen[Any]:
    """Run the command in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "autocall_otp", *arguments], **options)


class Terminal:
    """The command on a terminal of its own, of 80 columns."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.ours, theirs = os.openpty()
        env = os.environ | {"COLUMNS": "80", "LINES": "24"} | environment
        self.process = start(*arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True)
        os.close(theirs)
        self.seen = ""

    def until(self, text: str) -> None:
        """Read until a text appears, or until the end."""
        with suppress(OSError):  # Linux's word for the end of a terminal
            while text not in self.seen and (data := os.read(self.ours, 4096)):
                self.seen += data.decode()

    def end(self) -> int:
        """Its exit code."""
        self.until("no such text")
        os.close(self.ours)
        return self.process.wait(START)

    def interrupt(self) -> int:
        """Its exit code after Ctrl-C. One that comes just before a read begins is seen after the read: so, another."""
        while self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        return self.end()

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())
