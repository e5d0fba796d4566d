"""`sandbox`: what it sets up, how it greets, how it ends; and `demo`. What it serves is tested in tests/sandbox."""

import os
import re
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from autocall_otp import sandbox as package
from autocall_otp.sandbox.numbers import NUMBERS
from cli.conftest import START, Run, start

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.timeout(300)]


@pytest.fixture
def sandboxes(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Each sandbox runs on a free port, and a Ctrl-C ends it at once."""
    real = package.Sandbox
    found = Mock(side_effect=lambda **options: real(**options | {"host": "127.0.0.1", "port": 0}))
    monkeypatch.setattr(package, "Sandbox", found)
    monkeypatch.setattr("autocall_otp._cli.sandbox.time", SimpleNamespace(sleep=Mock(side_effect=KeyboardInterrupt)))
    return found


def test_it_serves_this_machine_alone_or_as_the_options_say(run: Run, sandboxes: Mock, tmp_path: Path) -> None:
    db = tmp_path / "calls.db"
    options = ("--host", "localhost", "--port", "0", "--token", "mine", "--speed", "2.5", "--no-auto-answer")
    more = ("--db", str(db), "--repeated-ref-id", "refuse")
    assert run("sandbox").exit_code == run("sandbox", *options, *more).exit_code == 0
    kept = {"host": "127.0.0.1", "port": 8025, "token": "sandbox", "speed": 1.0, "auto_answer": True, "db": None}
    given = {"host": "localhost", "port": 0, "token": "mine", "speed": 2.5, "auto_answer": False, "db": db}
    wanted = [kept | {"repeated_ref_id": "dial"}, given | {"repeated_ref_id": "refuse"}]
    assert [call.kwargs for call in sandboxes.call_args_list] == wanted


def test_what_cannot_be_used_is_told_with_what_to_do(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: str) -> str:
        ran = run("sandbox", *arguments)
        assert (ran.exit_code, ran.stdout) == (2, "")
        return ran.stderr

    assert "0<=x<=65535" in refused("--port", "65536")
    assert "speed must be between 0 and 1000000" in refused("--speed", "inf")
    told = refused("--port", "0", "--db", str(tmp_path))
    assert (told.count("\n"), "as the sandbox's database" in told) == (1, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert re.search(rf"cannot listen on 127\.0\.0\.1:{port}: .*--port 0", refused("--port", str(port)), re.DOTALL)
    for name in [name for name in sys.modules if name.startswith("autocall_otp.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    install = "uvicorn: pip install 'autocall-otp[sandbox]' (in a checkout: pip install '.[sandbox]')"
    assert install in refused("--numbers")


@pytest.mark.usefixtures("sandboxes")
def test_a_quiet_one_warns_alone_and_programs_read_where_it_listens(run: Run) -> None:
    for quiet in (["--quiet"], ["-q", "--host", "::1"], ["-q", "--host", "localhost"]):
        assert run("sandbox", *quiet) == (0, "", "", "")
    warning = "Warning: listening on 192.0.2.7: everybody who reaches this machine sees every code and number"
    assert warning in run("sandbox", "--host", "192.0.2.7", "--quiet").stderr
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", run("sandbox", "--json").only("sandbox")["url"])


@pytest.mark.skipif(os.name != "posix", reason="lines for a POSIX shell, and its signals")
@pytest.mark.parametrize(("more", "number"), [([], signal.SIGINT), (["--token", "t0ken"], signal.SIGTERM)])
def test_the_greeting_can_be_pasted_into_a_second_terminal_and_a_signal_is_a_proper_end(
    more: list[str], number: int
) -> None:
    arguments = ("sandbox", "--port", "0", "--speed", "1000000", *more)
    with start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        greeting = ""
        while not re.search(r"autocall.otp run", greeting):
            line = process.stdout.readline()
            assert line, greeting
            greeting += line
        lines = [line.strip() for line in greeting.splitlines() if line.startswith("  ")]
        if more:
            lines[1] = "export AUTOCALL_TOKEN=t0ken"  # a token of one's own is not shown
        # Neither settings nor an activated environment are there.
        env = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"]}
        shell = ["/bin/sh", "-c", "\n".join(lines)]
        done = subprocess.run(shell, capture_output=True, text=True, check=False, env=env, timeout=START)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=START)
    assert (done.returncode, "NORMAL_CLEARING" in done.stdout) == (0, True), done.stderr
    assert (process.returncode, "call 1 to 0900***001: queued" in rest) == (0, True)
    assert not [secret for secret in ("t0ken", "0900000001") if secret in rest or secret == "t0ken" in greeting]


def test_the_numbers_are_listed_for_people_and_programs(run: Run) -> None:
    wanted = [number.phone_number for number in NUMBERS]
    _, *rows, _, last = [line.rstrip() for line in run("sandbox", "--numbers", COLUMNS="150").stdout.splitlines()]
    assert [row.partition(" ")[0] for row in rows] == wanted
    assert last == "Every other number rings after 2 s, is answered at 7 s and ends at 15 s."
    assert max(map(len, run("sandbox", "--numbers", COLUMNS="60").stdout.splitlines()[:-2])) <= 60
    lines = run("sandbox", "--numbers", "--json").lines
    assert [line["phone_number"] for line in lines] == wanted
    assert {tuple(line) for line in lines} == {("type", "phone_number", "name", "happens", "outcome")}


def test_a_demo_shows_a_call_to_its_end_without_any_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "Sandbox", partial(package.Sandbox, speed=1000))
    ran = run("demo")
    assert (ran.exit_code, "answered  yes" in ran.stdout) == (0, True), ran.stderr
    steps = [line.rpartition(": ")[2] for line in ran.stderr.splitlines() if "call 1" in line]
    assert steps == ["queued", "ringing", "answered", "ended after 8 s of talk"]
    ran = run("demo", "--json")
    assert [line["type"] for line in ran.lines] == ["sandbox", "record"]
    assert ran.only("record")["answered"]
