"""Serves the pages: the files of one folder, and headers that allow nothing but them."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from starlette.types import Receive, Scope, Send

PAGES: dict[str, str] = {"/": "calls.html", "/testing-api": "testing-api.html"}
TYPES: dict[str, str] = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS: dict[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def is_page(path: str) -> bool:
    """Whether the path is one of a page, or of a file that pages need."""
    return path in _files()


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request for such a path."""
    if scope["method"] not in {"GET", "HEAD"}:
        response = Response("Method Not Allowed", 405, {"Allow": "GET, HEAD"})
    else:
        file = _files()[scope["path"]]
        media_type = TYPES[file.name.rpartition(".")[2]]
        response = Response(file.read_text(encoding="utf-8"), headers=HEADERS, media_type=media_type)
    await response(scope, receive, send)


@lru_cache
def _files() -> dict[str, Traversable]:
    folder = resources.files("autocall_otp.sandbox") / "pages"
    scripts = {f"/pages/{file.name}": file for file in folder.iterdir() if not file.name.endswith(".html")}
    return scripts | {path: folder / name for path, name in PAGES.items()}
