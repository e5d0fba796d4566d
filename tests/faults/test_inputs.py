"""Whatever a server sends gives a result or one of our errors, and every result can be shown and stored."""

import contextlib
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autocall_otp import AutocallError, Client, Retry
from faults.clients import SECRETS, client
from faults.scripts import whole
from faults.server import Server, Wire

# Else the client might send the next request on a connection that is about to close.
_LAST = "Connection: close"


class Echo:
    """A server that says whatever the test wants next."""

    def __init__(self) -> None:
        self.says: bytes = b""
        self.server = Server(self._script)

    def _script(self, wire: Wire) -> None:
        wire.receive()
        wire.send(self.says)


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Echo, Client]]:
    speaker = Echo()
    # What a server leaves unsaid is found out by its closing, and one try tells as much as three.
    with speaker.server, client(speaker.server.url, retry=Retry.none()) as one:
        yield speaker, one


def nothing_but_ours(one: Client) -> None:
    """Both operations return or raise one of our errors; what they return can be shown and stored."""
    for call in (lambda: one.get_cdr("1"), lambda: one.run_otp(SECRETS.number, SECRETS.code)):
        with contextlib.suppress(AutocallError):
            result = call()
            repr(result)
            repr(result.raw)
            result.raw.to_dict()
            pickle.loads(pickle.dumps(result))  # noqa: S301 - pickled here


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_statuses = st.sampled_from(["200 OK", "400 Bad Request"])
_names = st.sampled_from(["id", "status", "duration", "time_ended", "to_number", "additional", "press_key", "call_id"])


@settings(max_examples=200)
@given(
    status=_statuses,
    body=st.binary(max_size=300)
    | _json.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(_names | st.text(max_size=8), _json, max_size=8).map(lambda value: json.dumps(value).encode()),
)
def test_any_body_gives_nothing_but_our_errors(echo: tuple[Echo, Client], status: str, body: bytes) -> None:
    speaker, one = echo
    speaker.says = whole(body, status, _LAST)
    nothing_but_ours(one)


_heads = st.sampled_from(
    [b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: ", b"HTTP/1.1 200 OK\r\n\r\n"]
)
_tails = st.binary(max_size=200) | st.text("\r\n :;,/0123456789abcdefHTP.-\x00é", max_size=100).map(
    lambda text: text.encode("latin-1")
)


@settings(max_examples=400)
@given(start=_heads, rest=_tails)
@example(start=b"HTTP/1.1 ", rest=b"199 Odd\r\n\r\n")
@example(start=b"HTTP/1.1 200 OK\r\n", rest=b"Transfer-Encoding: gzip, chunked\r\n\r\n")
@example(start=b"HTTP/1.1 200 OK\r\n", rest=b"Content-Encoding: \xe9\xff\r\nRetry-After: \xff\r\n\r\n{}")
@example(start=b"HTTP/1.1 ", rest=b"429 Odd\r\nRetry-After: \xb2\r\nContent-Length: 0\r\n\r\n")
def test_any_bytes_on_the_wire_give_nothing_but_our_errors(
    echo: tuple[Echo, Client], start: bytes, rest: bytes
) -> None:
    speaker, one = echo
    speaker.says = start + rest
    nothing_but_ours(one)


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
@pytest.mark.parametrize("template", ['{"additional": %s}', '{"error": [{"a": %s}]}', '{"call_id": "1", "x": %s}'])
def test_no_depth_of_nesting_gives_anything_but_our_errors(
    echo: tuple[Echo, Client], status: str, template: str
) -> None:
    speaker, one = echo
    for depth in [*range(10, 600, 50), 1000, 5000, 50000]:
        nested: Any = '{"a": [' * depth + "1" + "]}" * depth
        speaker.says = whole((template % nested).encode(), status, _LAST)
        nothing_but_ours(one)
