from __future__ import annotations

import asyncio
from importlib import resources
from typing import TYPE_CHECKING

import httpx
import pytest

from autocall_otp.sandbox.page import FILES, page

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


def ask(method: str, path: str) -> httpx.Response:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await page(scope, receive, send)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.test") as http:
            return await http.request(method, path)

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("path", "file", "kind"),
    [
        ("/", "page.html", "text/html; charset=utf-8"),
        ("/page.css", "page.css", "text/css; charset=utf-8"),
        ("/page.js", "page.js", "text/javascript; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_comes_with_headers_that_allow_nothing_else(method: str, path: str, file: str, kind: str) -> None:
    answer = ask(method, path)
    assert answer.status_code == 200
    content = resources.files("autocall_otp.sandbox").joinpath(file).read_bytes()
    assert answer.content == (content if method == "GET" else b"")
    sent = dict(answer.headers)
    assert sent.pop("content-length") == str(len(content))
    assert sent == {
        "content-type": kind,
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
        ),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-cache",
    }


def test_there_is_no_other_file() -> None:
    assert set(FILES) == {"/", "/page.css", "/page.js"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_page_cannot_be_changed(method: str) -> None:
    answer = ask(method, "/")
    assert (answer.status_code, answer.text, answer.headers["allow"]) == (405, "Method Not Allowed", "GET, HEAD")
