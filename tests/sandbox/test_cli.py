from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from support.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-c", "from autocall_otp.cli import main; main()"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"NO_COLOR": "1", "COLUMNS": "100"} | environment
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60, env=env)


class Running:
    """The command in the foreground of a process of its own."""

    def __init__(self, *arguments: str) -> None:
        env = os.environ | {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [*COMMAND, "sandbox", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.output = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout:
            for line in self.process.stdout:
                self.lines.put(line)

    def until(self, text: str) -> str:
        while True:
            line = self.lines.get(timeout=60)
            self.output += line
            if text in line:
                return line

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(60)
        self._reader.join(60)
        while not self.lines.empty():
            self.output += self.lines.get_nowait()
        return code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_stop_and_logs_no_secret(
    tmp_path: Path, otp_request: dict[str, str], number: int
) -> None:
    running = Running("--token", "t0ken", "--db", str(tmp_path / "calls.db"), "--speed", "0")
    url = running.until("AUTOCALL_API_HOST").strip().partition("=")[2]
    headers = {"Authorization": "Bearer t0ken"}
    assert httpx.post(f"{url}/v3/autocall/otp", json=otp_request, headers=headers).status_code == 200
    running.until("call 1 to 0332***711: queued")
    httpx.post(f"{url}/v3/autocall/otp", json=otp_request)
    running.until("POST /v3/autocall/otp: 401, the Authorization header is missing")
    httpx.post(f"{url}/sandbox/clock", json={"advance": 15})
    running.until("call 1 to 0332***711: ended after 8 s of talk")
    assert running.end(number) == 0
    for secret in ("LUAN001", "0332665711", "t0ken"):
        assert secret not in running.output
    again = Running("--db", str(tmp_path / "calls.db"))
    url = again.until("AUTOCALL_API_HOST").strip().partition("=")[2]
    assert httpx.get(f"{url}/sandbox/calls").json()["calls"][0]["code_otp"] == "LUAN001"
    again.end()


def test_a_wide_address_is_warned_of() -> None:
    running = Running("--host", "0.0.0.0")  # noqa: S104 - what is tested
    running.until("listening on 0.0.0.0: whoever reaches this machine sees every code")
    running.until("http://127.0.0.1:")
    assert running.end() == 0


def reached(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.ConnectError:
        return False


def test_quiet_prints_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = Running("--quiet", "--port", str(port))
    eventually(lambda: reached(f"http://127.0.0.1:{port}/sandbox/info"))
    assert running.end() == 0
    assert running.output == ""


def test_a_taken_port_and_a_wrong_file_are_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("sandbox", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Address already in use. Choose another --host or --port." in done.stderr
    done = run("sandbox", "--db", str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "as the sandbox's database" in done.stderr
