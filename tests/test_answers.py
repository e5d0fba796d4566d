import gzip
import zlib

import pytest

from autocall_otp._answers import BodyTooLargeError, BodyUnreadableError, complaints, read_json, unpack
from autocall_otp._errors import FieldError

PLAIN = b'{"error":"Not Found"}'


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(PLAIN, ""), (PLAIN, "identity"), (gzip.compress(PLAIN, mtime=0), "gzip"), (zlib.compress(PLAIN), "deflate")],
)
def test_a_body_is_unpacked(body: bytes, encoding: str) -> None:
    assert unpack(body, encoding, 100) == PLAIN


def test_a_bomb_is_stopped() -> None:
    with pytest.raises(BodyTooLargeError, match="1000 bytes"):
        unpack(gzip.compress(b"0" * 10_000_000, mtime=0), "gzip", 1000)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(PLAIN, "br"), (PLAIN, "gzip, gzip"), (b"x", "gzip"), (gzip.compress(PLAIN, mtime=0)[:-9], "gzip"), (b"", "gzip")],
)
def test_what_cannot_be_unpacked_is_said(body: bytes, encoding: str) -> None:
    with pytest.raises(BodyUnreadableError):
        unpack(body, encoding, 100)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe{", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of its kinds
        read_json(body)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"error":"Not Found"}', [(None, "Not Found")]),
        (b'{"error":"USER_NOT_REGISTERED","message":"no such user"}', [(None, "USER_NOT_REGISTERED: no such user")]),
        (b'{"code":404,"content":"Not Found","error":"Not Found"}', [(None, "Not Found")]),
        (b'{"error":[{"a":"a is required","b":"b is wrong"},{"(root)":"x"}]}',
         [("a", "a is required"), ("b", "b is wrong"), ("(root)", "x")]),
        (b'{"error":["odd",{"n":7}]}', [(None, "odd"), ("n", "7")]),
        (b'{"error":7}', []), (b'{"message":"m"}', []), (b"[]", []), (b"<html>", []), (b"", []),
    ],
)  # fmt: skip
def test_complaints_in_every_shape(body: bytes, found: list[tuple[str | None, str]]) -> None:
    assert complaints(body, {}) == tuple(FieldError(*pair) for pair in found)


def test_complaints_hide_secrets_and_cannot_forge_a_line_of_a_log() -> None:
    body = b'{"error":[{"LUAN001":"code LUAN001 for 0332665711\\nERROR forged \\u001b[31m"}]}'
    ((field, message),) = complaints(body, {"LUAN001": "***"})
    assert (field, message) == ("***", "code *** for 0332***711 ERROR forged [31m")


def test_complaints_are_bounded() -> None:
    assert len(complaints(b'{"error":[' + b'{"a":"b"},' * 999 + b"1]}", {})) == 20
    ((_, message),) = complaints(b'{"error":"' + b"x" * 9999 + b'"}', {})
    assert len(message) == 300
