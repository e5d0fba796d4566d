"""Serves the page: three files, and headers that allow nothing but them."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request for one of FILES."""
    if scope["method"] not in {"GET", "HEAD"}:
        response = Response("Method Not Allowed", 405, {"Allow": "GET, HEAD"})
    else:
        name, media_type = FILES[scope["path"]]
        response = Response(_read(name), headers=HEADERS, media_type=media_type)
    await response(scope, receive, send)


@lru_cache
def _read(name: str) -> str:
    return resources.files("autocall_otp.sandbox").joinpath(name).read_text(encoding="utf-8")
