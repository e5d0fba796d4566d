"""A login recipe that runs in two processes whose clocks differ, and browsers that use it over HTTP."""

from __future__ import annotations

import base64
import contextlib
import html
import itertools
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from autocall_otp import mask_number
from autocall_otp.sandbox import Chaos, Sandbox

HERE = Path(__file__).parent
SKEWS = ("0", "-20")
"""Seconds by which the clock of each process is off."""
_addresses = (f"127.0.{high}.{low}" for high in range(1, 250) for low in range(1, 250))
# To read the trusted certificates for each of so many browsers would take long.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_numbers = (f"03320{number:05}" for number in itertools.count(10_000))


@dataclass
class Site:
    """The recipe's processes, the sandbox that they call, and their clock. Attacks on it have nothing in common."""

    urls: list[str]
    sandbox: Sandbox
    clock: Path
    log: Path
    stack: contextlib.ExitStack

    def later(self, seconds: float) -> None:
        """Move the clock of all processes."""
        moved = float(self.clock.read_text()) + seconds
        swap = self.clock.with_suffix(".new")
        swap.write_text(str(moved))
        swap.replace(self.clock)

    def browser(self, address: str | None = None) -> Browser:
        """A browser that is new to the site, on a machine of its own."""
        browser = Browser(self, address or next(_addresses))
        self.stack.enter_context(browser.http)
        return browser

    def number(self) -> str:
        """A number that nobody was called at before."""
        return next(_numbers)

    def called(self) -> tuple[Browser, str]:
        """A browser that has had a number called, both new to the site."""
        browser, number = self.browser(), self.number()
        browser.ask(number)
        return browser, number

    @contextlib.contextmanager
    def slow(self) -> Iterator[None]:
        """The service takes a while for each answer."""
        self.sandbox.chaos = Chaos(latency_probability=1.0, latency_seconds=0.5)
        try:
            yield
        finally:
            self.sandbox.chaos = Chaos()

    def calls(self, number: str) -> list[Any]:
        """The calls to a number, in their order."""
        return [call for call in self.sandbox.calls if call.phone_number == number]

    def code(self, number: str) -> str:
        """The code that was read last."""
        code: str = self.calls(number)[-1].code_otp
        return code

    def wrong(self, number: str) -> str:
        """A code that was never read."""
        codes = {call.code_otp for call in self.calls(number)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in codes)


class Browser:
    """Keeps cookies, fills forms in, and comes to another process with each request."""

    def __init__(self, site: Site, address: str) -> None:
        self.site, self.address = site, address
        self.turn = itertools.count()
        transport = httpx.HTTPTransport(local_address=address, verify=_NO_TLS)
        self.http = httpx.Client(transport=transport, timeout=60.0)

    def url(self, path: str, process: int | None = None) -> str:
        return self.site.urls[(next(self.turn) if process is None else process) % len(self.site.urls)] + path

    def get(self, path: str, process: int | None = None) -> httpx.Response:
        answer = self.http.get(self.url(path, process))
        while answer.is_redirect:
            answer = self.http.get(self.url(answer.headers["Location"], process))
        return answer

    def form(self, path: str) -> dict[str, str]:
        """What the page of a form sends without being asked: the token of the framework."""
        page = self.get(path).text
        return dict(re.findall(r'<input type="hidden" name="(csrf\w*)" value="([^"]*)"', page))

    def post(self, path: str, process: int | None = None, /, **fields: str) -> httpx.Response:
        """Send a form that was opened before; the answer is the one to it, or the page that it leads to."""
        answer = self.http.post(self.url(path, process), data=fields)
        return self.get(answer.headers["Location"], process) if answer.is_redirect else answer

    def ask(self, number: str, process: int | None = None) -> httpx.Response:
        """Have a number called."""
        return self.post("/login", process, number=number, **self.form("/login"))

    def enter(self, code: str, process: int | None = None, **more: str) -> httpx.Response:
        """Enter a code."""
        return self.post("/login/code", process, code=code, **more, **self.form("/login/code"))

    def expect_login(self, number: str, code: str) -> None:
        """Enter a code that is right."""
        entered = self.enter(code)
        assert (entered.status_code, words(entered)) == (200, "")
        assert self.user() == mask_number(number)

    def user(self) -> str:
        """The masked number of whoever is logged in; empty where nobody is."""
        page = self.get("/").text
        return page.removeprefix("You are logged in as ").rstrip(".") if page.startswith("You are") else ""

    def copy(self) -> Browser:
        """Somebody with the same cookies on another machine."""
        twin = self.site.browser()
        twin.http.cookies.update(self.http.cookies)
        return twin


def words(answer: httpx.Response) -> str:
    """What a page says."""
    return html.unescape("".join(re.findall(r'<p role="status">(.*?)</p>', answer.text)))


def retry_after(answer: httpx.Response) -> int:
    """The seconds after which a refusal says to come back."""
    assert answer.status_code == 429
    return int(answer.headers["Retry-After"])


def decoded(part: str) -> bytes:
    """A part of a cookie, as whoever holds it reads it."""
    return base64.urlsafe_b64decode(part.encode() + b"=" * (-len(part) % 4)) if part.isascii() else b""


@contextlib.contextmanager
def running(recipe: str, folder: Path, *, code: Path, **environment: str) -> Iterator[Site]:
    """Run a recipe, whose package is in the folder `code`, in two processes."""
    clock, log = folder / "clock", folder / "log"
    clock.write_text("0")
    with Sandbox(speed=0) as sandbox, contextlib.ExitStack() as stack:
        values = {
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "AUTOCALL_API_HOST": sandbox.url,
            "AUTOCALL_TOKEN": sandbox.token,
            "AUTOCALL_CAMPAIGN_UUID": "f77dfcf4-0759-4179-93cb-741f481a776e",
            "AUTOCALL_TEMPLATE": "otp_script_01",
            "AUTOCALL_VERIFY_KEY": "k" * 32,
            "LOGIN_STORE": str(folder / "login.sqlite3"),
            "DJANGO_DB": str(folder / "db.sqlite3"),
            "PYTHONPATH": str(code),
            **environment,
        }
        processes = subprocess.Popen(
            [sys.executable, str(HERE / "serve.py"), recipe, str(clock), *SKEWS],
            stdout=subprocess.PIPE,
            stderr=stack.enter_context(log.open("w")),
            env=values,
            cwd=folder,
            start_new_session=True,
        )
        stack.callback(processes.communicate)
        stack.callback(os.killpg, processes.pid, signal.SIGKILL)
        assert processes.stdout is not None
        ports = sorted(json.loads(processes.stdout.readline()) for _ in SKEWS)
        yield Site([f"http://127.0.0.1:{port}" for _, port in ports], sandbox, clock, log, stack)
