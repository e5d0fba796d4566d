"""Listens in on exchanges, between a client and the service."""

from __future__ import annotations

import json
from contextlib import closing

import attrs
import httpx

from autocall_otp._transport.environment import find_proxy, trust

_STEP_TIMEOUT = 10.0  # seconds for each step over the network
MAX_BYTES = 1024 * 1024
_OF_THE_WIRE = {b"content-encoding", b"content-length", b"transfer-encoding"}


@attrs.frozen
class Exchange:
    """A request and what came of it, secrets and all."""

    request: httpx.Request = attrs.field(repr=False)
    status: int | None = None  # None where no answer came
    headers: httpx.Headers = attrs.field(factory=httpx.Headers, repr=False)
    body: bytes | None = attrs.field(default=None, repr=False)
    """Unpacked; None where it is too large."""
    failure: str = ""  # httpx's name for it

    @property
    def content_type(self) -> str:
        """Without its parameters; empty where there is none."""
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    @property
    def json(self) -> object:
        """What the body holds; None where it holds no JSON."""
        return read_json(self.body or b"")


def read_json(text: str | bytes) -> object:
    """The JSON value in a text; None where there is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def plain_client(url: httpx.URL) -> httpx.Client:
    """A client of httpx alone, with the trust and the proxy that the SDK has: neither for plain http."""
    verify, proxy = (trust(), find_proxy(str(url))) if url.scheme == "https" else (True, None)
    return httpx.Client(timeout=_STEP_TIMEOUT, trust_env=False, verify=verify, proxy=proxy)


class Recorder(httpx.BaseTransport):
    """A transport that passes everything on unchanged, and keeps each exchange; for one client after the other."""

    def __init__(self, url: httpx.URL) -> None:
        self._http = plain_client(url)
        self.exchanges: list[Exchange] = []

    def end(self) -> None:
        """Close the connections, which no client does: another may come."""
        self._http.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, and read the whole answer."""
        body = b""
        try:
            response = self._http.send(request, stream=True)
            with closing(response):
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        break
        except httpx.RequestError as error:
            self.exchanges.append(Exchange(request, failure=type(error).__name__))
            raise
        headers = httpx.Headers([pair for pair in response.headers.raw if pair[0].lower() not in _OF_THE_WIRE])
        kept = body if len(body) <= MAX_BYTES else None
        self.exchanges.append(Exchange(request, response.status_code, headers, kept))
        return httpx.Response(response.status_code, headers=headers, content=body)
