"""`sandbox`: what it sets up, how it greets, how it ends. What it serves is tested in tests/sandbox."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from autocall_otp import sandbox as package
from autocall_otp.sandbox.numbers import NUMBERS
from cli.conftest import CODE, NUMBER, START, Run, finished, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.timeout(300)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the sandboxes are set up with; each runs on a free port, and a Ctrl-C ends it at once."""
    found: list[dict[str, Any]] = []

    class Here(package.Sandbox):
        def __init__(self, **options: Any) -> None:
            found.append(options)
            super().__init__(**options | {"host": "127.0.0.1", "port": 0})

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "Sandbox", Here)
    monkeypatch.setattr("autocall_otp._cli.sandbox.time", SimpleNamespace(sleep=interrupt))
    return found


def test_without_options_it_serves_this_machine_alone(run: Run, asked: list[dict[str, Any]]) -> None:
    assert run("sandbox").exit_code == 0
    kept = {"host": "127.0.0.1", "port": 8025, "token": "sandbox", "speed": 1.0, "auto_answer": True, "db": None}
    assert asked == [kept | {"repeated_ref_id": "dial"}]


def test_it_is_set_up_as_the_options_say(run: Run, asked: list[dict[str, Any]], tmp_path: Path) -> None:
    db = tmp_path / "calls.db"
    options = ("--host", "localhost", "--port", "0", "--token", "mine", "--speed", "2.5", "--no-auto-answer")
    assert run("sandbox", *options, "--db", str(db), "--repeated-ref-id", "refuse").exit_code == 0
    wanted = {"host": "localhost", "port": 0, "token": "mine", "speed": 2.5, "auto_answer": False, "db": db}
    assert asked == [wanted | {"repeated_ref_id": "refuse"}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "65536"], "0<=x<=65535"),
        (["--speed", "-0.1"], "x>=0"),
        (["--speed", "inf"], "speed must be between 0 and 1000000"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(run: Run, arguments: list[str], words: str) -> None:
    ran = run("sandbox", *arguments)
    assert (ran.exit_code, words in ran.stderr) == (2, True)


def test_a_file_that_is_no_database_is_told(run: Run, tmp_path: Path) -> None:
    ran = run("sandbox", "--port", "0", "--db", str(tmp_path))
    assert (ran.exit_code, ran.stderr.count("\n"), "as the sandbox's database" in ran.stderr) == (2, 1, True)


def test_a_busy_port_is_told_with_what_to_do(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("sandbox", "--port", str(port))
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}: " in ran.stderr
    assert "--port 0" in ran.stderr


def test_a_missing_package_is_told_with_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("autocall_otp.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    ran = run("sandbox", "--numbers")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "uvicorn: pip install 'autocall-otp[sandbox]' (in a checkout: pip install '.[sandbox]')" in ran.stderr


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("arguments", [["--quiet"], ["-q"]])
def test_a_quiet_one_says_nothing(run: Run, arguments: list[str]) -> None:
    ran = run("sandbox", *arguments)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.usefixtures("asked")
def test_an_address_that_others_reach_is_warned_of(run: Run) -> None:
    warning = "Warning: listening on 192.0.2.7: everybody who reaches this machine sees every code and number"
    assert warning in run("sandbox", "--host", "192.0.2.7", "--quiet").stderr
    assert [run("sandbox", "--host", host).stderr for host in ("127.0.0.1", "::1", "localhost")] == [""] * 3


@pytest.mark.usefixtures("asked")
def test_programs_read_where_it_listens(run: Run) -> None:
    ran = run("sandbox", "--json")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", ran.only("sandbox")["url"])


class Running:
    """A sandbox in a process of its own, and the greeting that it gave."""

    def __init__(self, *arguments: str) -> None:
        self.process = start(
            "sandbox", "--port", "0", *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout
        self.greeting = ""
        while "autocall-otp run" not in self.greeting and "autocall_otp run" not in self.greeting:
            line = self.process.stdout.readline()
            assert line, self.greeting
            self.greeting += line

    @property
    def lines(self) -> list[str]:
        """The lines to paste."""
        return [line.strip() for line in self.greeting.splitlines() if line.startswith("  ")]

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Its exit code, and what it printed since."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=START)
        return self.process.returncode, rest


@pytest.fixture
def running() -> Iterator[Running]:
    started = Running("--speed", "1000")
    yield started
    started.process.kill()
    started.process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="lines for a POSIX shell")
def test_the_greeting_can_be_pasted_into_a_second_terminal(running: Running) -> None:
    script = "\n".join(running.lines)
    assert [re.split("[ =]", line)[1] for line in running.lines[:-1]] == [
        *("AUTOCALL_API_HOST", "AUTOCALL_TOKEN", "AUTOCALL_CAMPAIGN_UUID", "AUTOCALL_TEMPLATE")
    ]
    # Neither settings nor an activated environment are there.
    env = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"]}
    shell = ["/bin/sh", "-c", script]
    done = subprocess.run(shell, capture_output=True, text=True, check=False, env=env, timeout=START)
    assert done.returncode == 0, done.stderr
    assert "NORMAL_CLEARING" in done.stdout
    code, rest = running.end()
    assert (code, "call 1 to 0900***001: queued" in rest) == (0, True)
    assert shlex.split(running.lines[-1])[-4:-1] == ["run", "0900000001", "--generate"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_request_to_terminate_is_a_proper_end_and_no_secret_is_printed() -> None:
    running = Running("--token", "t0ken")
    url = running.lines[0].partition("=")[2]
    settings = {"AUTOCALL_API_HOST": url, "AUTOCALL_TOKEN": "t0ken", "AUTOCALL_CODE": CODE, "AUTOCALL_TEMPLATE": "t"}
    campaign = running.lines[2].partition("=")[2]
    assert finished("run", NUMBER, "--campaign", campaign, env=os.environ | settings).returncode == 0
    code, rest = running.end(signal.SIGTERM)
    assert code == 0
    assert not [secret for secret in ("t0ken", CODE, NUMBER) if secret in running.greeting + rest]


def test_the_numbers_are_listed_for_people(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    ran = run("sandbox", "--numbers")
    _, *rows, _, last = [line.rstrip() for line in ran.stdout.splitlines()]
    assert [row.partition(" ")[0] for row in rows] == [number.phone_number for number in NUMBERS]
    assert last == "Every other number rings after 2 s, is answered at 7 s and ends at 15 s."
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, run("sandbox", "--numbers").stdout.splitlines()[:-2])) <= 60


def test_the_numbers_are_listed_for_programs(run: Run) -> None:
    ran = run("sandbox", "--numbers", "--json")
    assert [line["phone_number"] for line in ran.lines] == [number.phone_number for number in NUMBERS]
    assert {frozenset(line) for line in ran.lines} == {
        frozenset(("type", "phone_number", "name", "happens", "outcome"))
    }
