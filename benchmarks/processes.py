"""The processes of a run: the server, and a worker for each contender. All end with this process, or by a bound."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
import urllib.request
from types import TracebackType
from typing import Any, Self

from benchmarks.machine import ROOT

_PATIENCE = 90.0


class _Child:
    """A Python module of ours in a process of its own, driven over pipes."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def tell(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def read(self, patience: float = _PATIENCE) -> str:
        """One line; empty when none came in time."""
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], patience)
        return self._process.stdout.readline().decode() if ready else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Close its input, and end it if that does not."""
        assert self._process.stdin
        assert self._process.stdout
        if not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Server(_Child):
    """The bench server."""

    def __init__(self, latency: float = 0.0) -> None:
        """Start it and learn its address."""
        super().__init__("server", "--latency", str(latency))
        self.url = f"http://127.0.0.1:{int(self.read(20))}"

    def stats(self) -> dict[str, float]:
        """CPU seconds used, requests served, peak memory."""
        with urllib.request.urlopen(f"{self.url}/stats", timeout=30) as answer:  # noqa: S310 - our own server
            stats: dict[str, float] = json.load(answer)
        return stats


class Worker(_Child):
    """A contender at work."""

    def __init__(self, name: str, kind: str, server: Server, ref: str = "ABC123") -> None:
        """Start it; it imports its library with the first order."""
        super().__init__("worker", name, kind, server.url, ref)
        self.name = name

    def ask(self, **order: object) -> dict[str, Any]:
        """Carry out an order. An answer with `error` says why it could not."""
        try:
            self.tell(json.dumps(order))
            line = self.read()
        except OSError as error:
            return {"error": f"its process ended: {error}"}
        if not line:
            self._process.kill()
            return {"error": f"its process ended, or gave no answer within {_PATIENCE:.0f} s"}
        reply: dict[str, Any] = json.loads(line)
        return reply


class Alone(_Child):
    """A module that does its work once and prints one JSON line."""

    def result(self, patience: float = 600.0) -> dict[str, Any]:
        """What it printed, and how long it took from here; `error` where it printed nothing."""
        start = time.perf_counter()
        line = self.read(patience)
        if not line:
            self._process.kill()
            return {"error": f"ended without a result, or took more than {patience:.0f} s"}
        result: dict[str, Any] = json.loads(line)
        return result | {"elapsed": time.perf_counter() - start}
