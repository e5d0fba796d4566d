"""From what the generated code makes of arguments to the requests that are sent."""

from __future__ import annotations

import functools
import importlib
import json
import pkgutil
from typing import Any

import httpx

from autocall_otp._sansio.evidence import Request, RequestMaker
from autocall_otp._version import __version__

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_url = functools.lru_cache(maxsize=1024)(httpx.URL)
"""Parsed once for all calls of a client."""
_HEADERS = [("Accept", "application/json"), ("User-Agent", f"autocall-otp/{__version__}")]


def load_generated_code() -> None:
    """Import what requests are made of.

    With the first client, not with the package: it takes longer than all the rest. Not with the first call: a process
    that forks while another thread imports leaves its child waiting for ever.
    """
    from autocall_otp_api import api  # noqa: PLC0415 - see above

    for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
        importlib.import_module(module.name)


def request_maker(base_url: str, kwargs: dict[str, Any]) -> RequestMaker:
    """What makes a request of the generated code, addressed to this client's host, anew for each attempt.

    With complete headers and a stream, httpx has nothing left to work out, which takes it longer than our rules do.
    """
    method, url = kwargs["method"], _url(base_url + kwargs["url"])
    headers, content = _headers(base_url, *kwargs.get("headers", {}).items()), b""
    if "json" in kwargs:
        content = _JSON.encode(kwargs["json"]).encode()
        headers = httpx.Headers(headers)
        headers["Content-Length"] = str(len(content))
    return functools.partial(Request, method, url, headers, content)


@functools.lru_cache(maxsize=64)
def _headers(base_url: str, *more: tuple[str, str]) -> httpx.Headers:
    """The headers that every request of an operation to a host has."""
    return httpx.Headers([("Host", httpx.URL(base_url).netloc.decode("ascii")), *_HEADERS, *more], "ascii")
