from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.responses import Response

from autocall_otp.sandbox.guard import Guard

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from autocall_otp.sandbox import Sandbox


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8025", "localhost.evil.test", "", "[::1", "127.0.0.1.evil.test"]
)
@pytest.mark.parametrize("path", ["/", "/sandbox/calls", "/sandbox/events"])
def test_a_foreign_host_is_refused(sandbox: Sandbox, path: str, host: str) -> None:
    answer = httpx.get(sandbox.url + path, headers={"Host": host})
    assert answer.status_code in {400, 403}, "400 is the server's own word for a host that is none"
    assert "calls" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8025", "LOCALHOST", "127.0.0.1:1", "[::1]:8025", socket.gethostname()])
def test_this_machines_names_and_addresses_are_let_in(sandbox: Sandbox, host: str) -> None:
    assert httpx.get(sandbox.url + "/sandbox/calls", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
        ({"Content-Type": "application/json"}, 204),
        ({"X-Autocall-Sandbox": "1"}, 204),
        ({"X-Autocall-Sandbox": "1", "Origin": "http://evil.test"}, 403),
        ({"X-Autocall-Sandbox": "1", "Origin": "null"}, 403),
        ({"Content-Type": "application/json", "Origin": "OWN"}, 204),
    ],
)
def test_a_change_must_be_no_simple_request_of_another_site(
    sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    own = {name: sandbox.url if value == "OWN" else value for name, value in headers.items()}
    assert httpx.post(sandbox.url + "/sandbox/reset", headers=own).status_code == status


def ask(method: str, *, host: str = "localhost", **headers: str) -> httpx.Response:
    """The answer of a guarded application that is bound to a name of its own."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        await Guard(Response("let in"), "Sandbox.Test")(scope, receive, send)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://x") as http:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.request(method, "/", headers={"Host": host} | named)

    return asyncio.run(send())


@pytest.mark.parametrize("host", ["sandbox.test", "SANDBOX.TEST:80", socket.gethostname().upper(), "10.1.2.3", "[::2]"])
def test_the_name_that_was_bound_is_let_in(host: str) -> None:
    assert ask("GET", host=host).text == "let in"


@pytest.mark.parametrize("host", ["evil.test", "", "xxxx", "none", "sandbox", ":80"])
def test_a_foreign_name_is_told_why(host: str) -> None:
    answer = ask("GET", host=host)
    assert answer.status_code == 403
    assert answer.json() == {"error": "Host names another machine; call the sandbox by its address or by localhost"}


def test_a_request_without_a_host_is_refused() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    for method in ("GET", "POST"):
        sent.clear()
        asyncio.run(Guard(Response(), "sandbox.test")({"type": "http", "method": method, "headers": []}, receive, send))
        assert sent[0]["status"] == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_needs_no_header(method: str) -> None:
    assert ask(method).status_code == 200
    assert ask(method, Origin="http://evil.test").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_change_is_told_what_it_lacks(method: str) -> None:
    wanted = "A change needs Content-Type: application/json or an X-Autocall-Sandbox header"
    for headers in ({}, {"Content_Type": "text/plain"}, {"Content_Type": "text/plain; application/json"}):
        answer = ask(method, **headers)
        assert (answer.status_code, answer.json()) == (403, {"error": wanted})
    elsewhere = ask(method, X_Autocall_Sandbox="1", Origin="http://localhost:81")
    assert (elsewhere.status_code, elsewhere.json()) == (403, {"error": "Origin is another site"})
    for headers in ({"Content_Type": "Application/JSON ; charset=utf-8"}, {"X_Autocall_Sandbox": ""}):
        assert ask(method, **headers).text == "let in"
        assert ask(method, **headers, Origin="http://localhost").text == "let in"


def test_no_page_of_another_site_may_read(sandbox: Sandbox) -> None:
    answer = httpx.get(sandbox.url + "/sandbox/calls", headers={"Origin": "http://evil.test"})
    assert "access-control-allow-origin" not in answer.headers
