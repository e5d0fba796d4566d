"""Whatever a caller passes is refused by name or carried unchanged; whatever a server sends gives our errors only."""

import contextlib
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import autocall_otp
from autocall_otp import AutocallError, Client, InvalidRequestError, Outcome, Retry
from faults.clients import client
from faults.observe import SECRETS
from faults.scripts import answers, whole
from faults.server import Server, Wire

# Else the client might send the next request on a connection that is about to close.
_LAST = "Connection: close"
_MANY = settings(max_examples=150, deadline=None)


class Echo:
    """A server that says whatever the test wants next."""

    def __init__(self) -> None:
        self.says: bytes = b""
        self.server = Server(self._script)

    def _script(self, wire: Wire) -> None:
        wire.receive()
        wire.send(self.says)


@pytest.fixture(scope="module")
def good() -> Iterator[tuple[Server, Client]]:
    with Server(answers()) as server, client(server.url) as one:
        yield server, one


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Echo, Client]]:
    speaker = Echo()
    # What a server leaves unsaid is found out by its closing, and one try tells as much as three.

    with speaker.server, client(speaker.server.url, retry=Retry.none()) as one:
        yield speaker, one


_digits = st.text("0123456789", min_size=8, max_size=8)
_separators = st.lists(st.sampled_from(["", "", " ", ".", "-"]), min_size=16, max_size=16)


@_MANY
@given(prefix=st.sampled_from(["0", "84", "+84"]), first=st.sampled_from("35789"), rest=_digits, gaps=_separators)
def test_every_spelling_of_a_number_is_sent_in_the_domestic_form(
    good: tuple[Server, Client], prefix: str, first: str, rest: str, gaps: list[str]
) -> None:
    server, one = good
    typed = prefix + "".join(digit + gap for digit, gap in zip(first + rest, gaps, strict=False))
    one.run_otp(typed, SECRETS.code)
    assert json.loads(server.ledger.seen[-1].body)["phone_number"] == f"0{first}{rest}"


_references = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=128).filter(
    lambda text: text not in {".", ".."}
)


@_MANY
@given(ref_id=_references)
@example(ref_id="đơn hàng/42?x=1#y%2F..//")
@example(ref_id="%2e%2e")
@example(ref_id="...")
@example(ref_id="../..")
@example(ref_id="a\\b;c=d&e+f")
@example(ref_id="\u202e\u200b😀")
@example(ref_id=" ")
def test_every_reference_arrives_unchanged(good: tuple[Server, Client], ref_id: str) -> None:
    server, one = good
    assert one.run_otp(SECRETS.number, SECRETS.code, ref_id=ref_id).ref_id == ref_id
    assert server.ledger.seen[-1].ref_id == ref_id
    one.get_cdr(ref_id)
    seen = server.ledger.seen[-1]
    assert seen.method == "GET"
    assert seen.ref_id == ref_id
    assert seen.target.count("/") == 5


@_MANY
@given(code=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=64))
def test_every_code_arrives_unchanged(good: tuple[Server, Client], code: str) -> None:
    assume(any(map(str.isalnum, code)))
    server, one = good
    one.run_otp(SECRETS.number, code)
    assert json.loads(server.ledger.seen[-1].body)["code_otp"] == code


_SOURCE = "\n".join(path.read_text("utf-8") for path in Path(autocall_otp.__file__).parent.glob("*.py"))
_anything = st.one_of(
    st.text(max_size=200), st.integers(), st.none(), st.binary(), st.floats(), st.lists(st.text()), st.booleans()
)
_ARGUMENTS: dict[str, Callable[[Client, Any], object]] = {
    "phone_number": lambda one, value: one.run_otp(value, SECRETS.code),
    "code_otp": lambda one, value: one.run_otp(SECRETS.number, value),
    "campaign_uuid": lambda one, value: one.run_otp(SECRETS.number, SECRETS.code, campaign_uuid=value),
    "template": lambda one, value: one.run_otp(SECRETS.number, SECRETS.code, template=value),
    "ref_id": lambda one, value: one.run_otp(SECRETS.number, SECRETS.code, ref_id=value),
}


@pytest.mark.parametrize("argument", _ARGUMENTS)
@_MANY
@given(value=_anything)
@example(value="must be a UUID")
def test_a_refusal_names_the_argument_without_the_value(
    good: tuple[Server, Client], argument: str, value: object
) -> None:
    server, one = good
    before = len(server.ledger.seen)
    refusal = _refusal(lambda: _ARGUMENTS[argument](one, value))
    assert len(server.ledger.seen) == before + (refusal is None)
    if refusal:
        assert str(refusal).startswith(f"{argument}: ")
        assert refusal.outcome is Outcome.NOT_PLACED
        # Shorter values are bound to be part of some word, and Hypothesis also draws words of our own source.
        told = f"{refusal!r} {vars(refusal)}"
        assert len(str(value)) < 7 or str(value) in _SOURCE or str(value) not in told


@_MANY
@given(value=_anything)
def test_a_look_up_refuses_or_carries_any_reference(good: tuple[Server, Client], value: Any) -> None:
    server, one = good
    refusal = _refusal(lambda: one.get_cdr(value))
    if refusal:
        assert str(refusal).startswith("ref_id: ")
    else:
        assert server.ledger.seen[-1].ref_id == value


def _refusal(call: Callable[[], object]) -> InvalidRequestError | None:
    try:
        call()
    except InvalidRequestError as error:
        return error
    return None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_NAMES = [
    *(
        "id",
        "status",
        "duration",
        "time_started",
        "time_answered",
        "time_ended",
        "time_ringging",
        "billsec",
        "to_number",
    ),
    *("press_key", "additional", "presskey_delay", "time_presskey", "digits", "note", "call_id", "message", "ref_id"),
]
_records = st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=8), _json, max_size=12)


def nothing_but_ours(one: Client) -> None:
    """Both operations return or raise one of our errors; what they return can be shown and stored."""
    for call in (lambda: one.get_cdr("1"), lambda: one.run_otp(SECRETS.number, SECRETS.code)):
        with contextlib.suppress(AutocallError):
            result = call()
            repr(result)
            repr(result.raw)
            result.raw.to_dict()
            pickle.loads(pickle.dumps(result))  # noqa: S301 - pickled here


@_MANY
@given(record=_records)
def test_any_record_is_read(echo: tuple[Echo, Client], record: dict[str, Any]) -> None:
    speaker, one = echo
    record["id"] = "1"
    speaker.says = whole(json.dumps(record).encode(), "200 OK", _LAST)
    assert record.get("error") or one.get_cdr("1").id == "1"
    nothing_but_ours(one)


@_MANY
@given(body=st.binary(max_size=300) | _json.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "503 Busy"])
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


@settings(max_examples=400, deadline=None)
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


@_MANY
@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60))
@example(header="Fri, 31 Dec 9999 23:59:59 -2359")
@example(header="Mon, 01 Jan 0001 00:00:00 +2359")
@example(header="1 Jan 1 0:0:0 -0000")
def test_any_retry_after_gives_nothing_but_our_errors(echo: tuple[Echo, Client], header: str) -> None:
    speaker, one = echo
    speaker.says = whole(b"{}", "503 Busy", f"Retry-After: {header}")
    with pytest.raises(AutocallError):
        one.get_cdr("1")


def _nested(depth: int, inner: str = "1") -> str:
    return '{"a": [' * depth + inner + "]}" * depth


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
@pytest.mark.parametrize("template", ['{"additional": %s}', '{"error": [{"a": %s}]}', '{"call_id": "1", "x": %s}'])
def test_no_depth_of_nesting_gives_anything_but_our_errors(
    echo: tuple[Echo, Client], status: str, template: str
) -> None:
    speaker, one = echo
    for depth in [*range(10, 600, 10), 1000, 5000, 50000]:
        speaker.says = whole((template % _nested(depth)).encode(), status, _LAST)
        nothing_but_ours(one)
