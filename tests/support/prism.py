"""A real Prism, started for the tests and stopped for certain, and transports that keep what it says."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import attrs
import httpx

from support.agree.verdict import AFTER, Disagreement
from support.page import ROOT

START_UP = 100.0
WRAPPER, SANDBOX = "src/autocall_otp", "src/autocall_otp/sandbox"
EXAMPLES = "openapi.yaml's own example"


@attrs.define
class Prism:
    url: str
    log: Path


@contextmanager
def prism(log: Path, *arguments: str, mode: str = "mock") -> Iterator[Prism]:
    """Run Prism on a free port of this machine; it is gone when the block ends."""
    tools = Path(os.environ.get("AUTOCALL_REPO_TOOLS", ROOT))
    command = [
        str(tools / ".venv" / "bin" / "node"),
        str(tools / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"),
        *(mode, "--host", "127.0.0.1", "--port", "0", str(ROOT / "openapi.yaml"), *arguments),
    ]
    with listening(command, log) as url:
        yield Prism(url, log)


@contextmanager
def listening(command: list[str], log: Path) -> Iterator[str]:
    """Run a command that starts Prism until the block ends; gives its address. All that Prism says goes to the log."""
    said, urls = threading.Event(), list[str]()

    def keep(output: IO[bytes]) -> None:
        with log.open("wb") as sink:
            for line in output:
                sink.write(line)
                sink.flush()
                if found := re.search(rb"is listening on (http://\S+)", line):
                    urls.append(found[1].decode())
                    said.set()
        said.set()

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        reader = threading.Thread(target=keep, args=[process.stdout])
        reader.start()
        try:
            said.wait(START_UP)
            if not urls:
                raise RuntimeError(f"Prism does not start; its log:\n{log.read_text()}")
            yield urls[0]
        finally:
            process.terminate()
            # Before its output is closed, which the reader would take for an error.
            reader.join()


@attrs.define
class Exchange:
    """A request as it left our client, and Prism's verdict on it and on its own answer."""

    request: httpx.Request
    response: httpx.Response

    def disagreements(self, answers: str) -> list[Disagreement]:
        """Who broke the contract, where, and what to do; a path that it does not know has a body of its own."""
        name = f"{self.request.method.lower()} {self.request.url.path}"
        if "sl-violations" not in (headers := self.response.headers):
            is_unknown = "problem+json" in headers.get("content-type", "")
            what = "Prism did not take the request for one of the contract"
            return [_broken(WRAPPER, name, what)] if is_unknown else []
        found: list[Disagreement] = []
        for violation in json.loads(headers["sl-violations"]):
            place, *inner = violation.get("location") or ["request"]
            where = ".".join(map(str, inner)) or "whole"
            culprit = answers if place == "response" else WRAPPER
            found.append(_broken(culprit, f"the {place} {where} of {name}", violation["message"]))
        return found


def _broken(culprit: str, name: str, what: str) -> Disagreement:
    return Disagreement("openapi.yaml (by Prism)", culprit, name, what, f"correct {culprit}, or openapi.yaml; {AFTER}")


class Recorder(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends for either client, asks Prism for an answer by status and example, keeps each exchange."""

    def __init__(self, prefer: str = "") -> None:
        self.prefer, self.exchanges = prefer, list[Exchange]()

    @cached_property
    def _sync(self) -> httpx.HTTPTransport:
        return httpx.HTTPTransport()

    @cached_property
    def _async(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._kept(request, self._sync.handle_request(self._asking(request)))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._kept(request, await self._async.handle_async_request(self._asking(request)))

    def close(self) -> None:
        self._sync.close()

    async def aclose(self) -> None:
        await self._async.aclose()

    def _asking(self, request: httpx.Request) -> httpx.Request:
        if self.prefer:
            request.headers["Prefer"] = self.prefer
        return request

    def _kept(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        self.exchanges.append(Exchange(request, response))
        return response


def settings(url: str, **more: Any) -> dict[str, Any]:
    """What both clients need to place the page's sample call."""
    return {
        "host": url,
        "token": "made-up-token",
        "campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e",
        "template": "otp_script_01",
    } | more
