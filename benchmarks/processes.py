"""The processes of a run: the server, and a worker for each contender. All end with this process, or by a bound."""

import json
import select
import subprocess
import sys
import urllib.request
from typing import Any, Self

from benchmarks.machine import ROOT


class _Child:
    """A Python module of ours in a process of its own, driven over pipes."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    def read(self, seconds: float = 90.0) -> dict[str, Any]:
        """One line of JSON; `error` where none came in time."""
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self._process.kill()
        found: dict[str, Any] = json.loads(line or '{"error": "its process ended, or gave no answer in time"}')
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close its input, and end it if that does not."""
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


class Server(_Child):
    """The bench server."""

    def __init__(self) -> None:
        """Start it and learn its address."""
        super().__init__("server")
        self.url: str = self.read()["url"]

    def stats(self) -> dict[str, float]:
        """CPU seconds used, requests served, connections opened."""
        with urllib.request.urlopen(f"{self.url}/stats", timeout=30) as answer:  # noqa: S310 - our own server
            stats: dict[str, float] = json.load(answer)
        return stats


class Worker(_Child):
    """A contender at work; it imports its library with the first order."""

    def __init__(self, name: str, kind: str, server: Server) -> None:
        """Start it."""
        super().__init__("worker", name, kind, server.url, "ABC123")
        self.name = name

    def ask(self, **order: object) -> dict[str, Any]:
        """Carry out an order. An answer with `error` says why it could not."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            return {"error": f"its process ended: {error}"}
        return self.read()


class Alone(_Child):
    """A module that does its work once and prints one line of JSON."""

    def result(self, seconds: float = 600.0) -> dict[str, Any]:
        """What it printed; `error` where it printed nothing."""
        return self.read(seconds)
