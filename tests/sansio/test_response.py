"""Answers as they come: bounded, packed or not, and readable whatever they hold."""

import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autocall_otp import FieldError
from autocall_otp._redact import Secrets
from autocall_otp._sansio.response import (
    BodyReader,
    BodyTooLargeError,
    BodyUnreadableError,
    RawResponse,
    read_errors,
    read_json,
    read_retry_after,
    unpack,
)

PLAIN = b'{"error":"Not Found"}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "x-gzip": lambda data: gzip.compress(data[:9], mtime=0) + gzip.compress(data[9:], mtime=0) + b"\0\0",
    "deflate": zlib.compress,
    "raw": raw_deflate,
    "identity": bytes,
    "": bytes,
}


@pytest.mark.parametrize("name", PACKERS)
@given(data=st.binary(max_size=200))
def test_a_body_is_unpacked_up_to_the_bound(name: str, data: bytes) -> None:
    packed, encoding = PACKERS[name](data), name.replace("raw", "deflate")
    assert unpack(packed, encoding, len(data)) == data
    assert unpack(b"", encoding, 0) == b"", "gateways name a coding for an empty body, too"
    if data and encoding not in {"", "identity"}:
        with pytest.raises(BodyTooLargeError, match="unpacks to more than"):
            unpack(packed, encoding, len(data) - 1)
        with pytest.raises(BodyUnreadableError):
            unpack(PACKERS["gzip"](data)[:-9], "gzip", len(data))


@pytest.mark.parametrize(
    ("body", "encoding", "why"),
    [
        (PLAIN, "br", "it is packed in a way that was not asked for"),
        (PLAIN, "gzip, gzip", "it is packed in a way that was not asked for"),
        (PLAIN, "gzip", "it cannot be unpacked"),
        (gzip.compress(PLAIN, mtime=0)[:-9], "gzip", "it is cut short"),
        (gzip.compress(b"", mtime=0) * 1000, "gzip", "it is packed in too many parts"),
    ],
)
def test_what_cannot_be_unpacked_is_said_without_the_body(body: bytes, encoding: str, why: str) -> None:
    with pytest.raises(BodyUnreadableError) as caught:
        unpack(body, encoding, 100)
    assert str(caught.value) == why
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def reader(bound: int = 100, status: int = 200, **headers: str) -> BodyReader:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return BodyReader(httpx.Response(status, headers=names), bound)


def test_a_body_is_put_together_from_its_parts() -> None:
    one = reader(content_encoding=" GZIP ")
    for byte in gzip.compress(PLAIN, mtime=0):
        one.add(bytes([byte]))
    found = one.finish()
    assert (found.status_code, found.body, found.failure, found.is_success) == (200, PLAIN, None, True)


def test_a_body_may_fill_its_bound_and_no_more() -> None:
    one = reader(bound=3)
    one.add(b"ab")
    one.add(b"c")
    with pytest.raises(BodyTooLargeError, match="larger than 3 bytes"):
        one.add(b"d")
    assert one.finish().body == b"abc"


def test_a_body_that_ends_early_keeps_its_status_and_its_failure() -> None:
    failure = httpx.ReadError("reset")
    found = reader(status=401, content_encoding="gzip").finish(failure)
    assert (found.status_code, found.failure, found.is_success) == (401, failure, False)
    packed = reader(content_encoding="br")
    packed.add(b"x")
    assert isinstance(packed.finish().failure, BodyUnreadableError)


def test_headers_of_any_bytes_can_be_read() -> None:
    response = httpx.Response(429, headers=[(b"X-Name", b"\xff\xfe"), (b"Retry-After", b"7")])
    assert BodyReader(response, 9).finish().retry_after == 7
    dates = {"Retry-After": "Thu, 26 Nov 2026 00:52:48 GMT", "Date": "Thu, 26 Nov 2026 00:52:43 GMT"}
    assert BodyReader(httpx.Response(503, headers=dates), 9).finish().retry_after == 5


@pytest.mark.parametrize(("status", "success"), [(199, False), (200, True), (299, True), (300, False)])
def test_success_is_a_class_of_statuses(status: int, *, success: bool) -> None:
    found = RawResponse(status, b"LUAN001")
    assert found.is_success is success
    assert repr(found) == f"<RawResponse {status}>"


@given(JSON)
def test_json_is_read_as_it_is(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == read_json(json.dumps(value)) == value


@given(st.binary())
def test_anything_else_is_a_value_error(body: bytes) -> None:
    for hopeless in (body + b"\x80", b"<html>" + body):
        with pytest.raises(ValueError):  # noqa: PT011 - whichever of its kinds
            read_json(hopeless)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_64_levels_are_read_and_no_more(opening: str) -> None:
    def nested(levels: int) -> str:
        return opening * levels + "1" + {"[": "]", '{"a":': "}"}[opening] * levels

    wide = "[" + "[]," * 100 + "{}]"
    for body in (nested(64), f"[{nested(63)}]", f"[{wide},{wide}]"):
        read_json(body)
    for body in (nested(65), f"[{nested(64)},[]]", f'{{"a":[],"b":{nested(64)}}}', nested(100_000)):
        with pytest.raises(ValueError, match="^nested too deeply$"):
            read_json(body)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"error":"Not Found"}', [(None, "Not Found")]),
        (b'{"error":"NO_USER","message":"no such user"}', [(None, "NO_USER: no such user")]),
        (b'{"error":"same","message":"same"}', [(None, "same")]),
        (b'{"error":true,"message":"no credit"}', [(None, "no credit")]),
        (b'{"error":402,"message":"no credit"}', [(None, "402: no credit")]),
        (b'{"error":{"a":"is short"},"message":"Bad Request"}', [("a", "is short"), (None, "Bad Request")]),
        (b'{"error":["odd"],"message":["no credit"]}', [(None, "odd"), (None, "no credit")]),
        (b'{"error":[{"a":"a is required","b":"b is short"},{"(root)":"x"}]}',
         [("a", "a is required"), ("b", "b is short"), ("(root)", "x")]),
        (b'{"error":["odd",{"n":7}]}', [(None, "odd"), ("n", "7")]),
        (b'{"error":[{"a":["b",1]}]}', [("a", '["b", 1]')]),
        (b'{"error":7}', [(None, "7")]),
        (b'{"error":null,"message":"m"}', [(None, "m")]),
        (b'{"status":"fail","message":{"vi":"kh\xc3\xb4ng"}}', [("vi", "không")]),
        (b'{"error":false}', []), (b'{"error":true}', []), (b"[]", []), (b"<html>", []), (b"", []), (b"null", []),
    ],
)  # fmt: skip
def test_the_words_of_the_service_are_read_in_any_shape(body: bytes, found: list[tuple[str | None, str]]) -> None:
    assert read_errors(body, Secrets()) == tuple(FieldError(*pair) for pair in found)


@given(JSON, JSON)
def test_the_words_of_the_service_never_fail_and_stay_on_one_line(error: Any, message: Any) -> None:
    found = read_errors(json.dumps({"error": error, "message": message}).encode(), Secrets())
    assert len(found) <= 20
    for field, words in found:
        assert len(words) <= 300
        assert words.isprintable()
        assert not field or field.isprintable()


def test_the_words_of_the_service_are_bounded_and_hold_no_secret() -> None:
    secrets = Secrets(codes=["LUAN001"])
    body = '{"error":[{"LUAN001":"mã LUAN001 for 0332665711\\nERROR forged \\u001b[31m"}]}'.encode()
    assert read_errors(body, secrets) == (FieldError("***", "mã *** for 0332***711 ERROR forged [31m"),)
    assert len(read_errors(b'{"error":[' + b'{"a":"b"},' * 999 + b"1]}", secrets)) == 20
    # A cut must not leave half a secret.
    ((_, words),) = read_errors(b'{"error":"' + b"x" * 296 + b'LUAN001"}', secrets)
    assert words == "x" * 296 + "***"


@given(st.integers(0, 10**9), st.sampled_from(["", " ", "\t"]))
def test_seconds_to_wait_are_read(seconds: int, space: str) -> None:
    for zeros in ("", "0" * 12):
        assert read_retry_after(f"{space}{zeros}{seconds}{space}", None) == seconds


DATES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda date: date.replace(microsecond=0))  # noqa: DTZ001 - given a zone below


@given(DATES, st.integers(-(10**6), 10**6))
def test_a_date_is_read_against_the_date_of_the_answer(date: datetime, seconds: int) -> None:
    """The clocks of two machines may differ by more than the wait."""
    sent = date.replace(tzinfo=UTC)
    until = format_datetime(sent + timedelta(seconds=seconds), usegmt=True)
    assert read_retry_after(until, format_datetime(sent, usegmt=True)) == max(0, seconds)
    assert read_retry_after(until, None) is None


@given(st.none() | st.text(), st.none() | st.text() | st.just("Thu, 26 Nov 2026 00:52:48 GMT"))
def test_no_retry_after_costs_an_answer_its_outcome(value: str | None, date: str | None) -> None:
    found = read_retry_after(value, date)
    assert found is None or found >= 0
    for hopeless in ("-1", "1.5", "soon", "٣", "Thu, 99 Nov 2026 00:52:48 GMT"):
        assert read_retry_after(hopeless, date) is None
