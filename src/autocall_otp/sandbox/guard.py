"""Keeps the page and the testing API from pages of other sites, which a browser would let reach loopback."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from autocall_otp.sandbox.endpoints import refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CUSTOM_HEADER = "x-autocall-sandbox"


class Guard:
    """Lets a request through that names this sandbox as its host and, to change something, is no simple one.

    A name in `Host` must be `localhost`, this machine's own or the one that was bound: a foreign name that
    resolves to loopback is DNS rebinding. A literal address cannot be rebound.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = {"localhost", socket.gethostname().lower(), host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 403."""
        objection = self._objection(scope["method"], Headers(scope=scope))
        app = refusal(403, objection) if objection else self._app
        await app(scope, receive, send)

    def _objection(self, method: str, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return "Host names another machine; call the sandbox by its address or by localhost"
        if method in SAFE_METHODS:
            return None
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return "Origin is another site"
        is_json = headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
        if not is_json and CUSTOM_HEADER not in headers:
            return "A change needs Content-Type: application/json or an X-Autocall-Sandbox header"
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
