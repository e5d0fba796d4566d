from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.responses import Response

from autocall_otp.sandbox.guard import Guard

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from autocall_otp.sandbox import Sandbox


def ask(method: str, *, host: str = "localhost", **headers: str) -> httpx.Response:
    """The answer of a guarded application that is bound to a name of its own."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        await Guard(Response("let in"), "Sandbox.Test")(scope, receive, send)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://x") as http:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.request(method, "/", headers={"Host": host} | named)

    return asyncio.run(send())


def test_the_machine_s_names_and_addresses_are_let_in() -> None:
    for name in ("sandbox.test", "localhost", socket.gethostname(), "127.0.0.1", "10.1.2.3", "[::2]"):
        for host in (name, name.upper(), f"{name}:80"):
            assert ask("GET", host=host).text == "let in"


@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:8025", "localhost.evil.test", "127.0.0.1.evil.test", "", "xxxx", "sandbox", ":80", "[::1"],
)
def test_a_foreign_host_is_told_why(host: str) -> None:
    answer = ask("GET", host=host)
    wanted = "Host names another machine; call the sandbox by its address or by localhost"
    assert (answer.status_code, answer.json()) == (403, {"error": wanted})


def test_what_changes_nothing_needs_no_header() -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert ask(method).status_code == ask(method, Origin="http://evil.test").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_change_must_be_no_simple_request_of_another_site(method: str) -> None:
    wanted = "A change needs Content-Type: application/json or an X-Autocall-Sandbox header"
    for kind in ("", "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded"):
        answer = ask(method, **({"Content_Type": kind} if kind else {}))
        assert (answer.status_code, answer.json()) == (403, {"error": wanted})
    for headers in ({"Content_Type": "Application/JSON ; charset=utf-8"}, {"X_Autocall_Sandbox": ""}):
        assert ask(method, **headers).text == ask(method, **headers, Origin="http://localhost").text == "let in"
        for origin in ("http://evil.test", "http://localhost:81", "null"):
            answer = ask(method, **headers, Origin=origin)
            assert (answer.status_code, answer.json()) == (403, {"error": "Origin is another site"})


def test_the_sandbox_is_guarded(sandbox: Sandbox) -> None:
    for path in ("/", "/sandbox/calls", "/sandbox/events"):
        assert httpx.get(sandbox.url + path, headers={"Host": "evil.test"}).status_code == 403
    assert httpx.post(f"{sandbox.url}/sandbox/reset").status_code == 403
    answer = httpx.get(f"{sandbox.url}/sandbox/calls", headers={"Origin": "http://evil.test"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers, "no page of another site may read"
