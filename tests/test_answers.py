import gzip
import json
import zlib

import httpx
import pytest

from autocall_otp._answers import Answer, BodyTooLargeError, BodyUnreadableError, complaints, read_json, unpack
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


def test_a_body_may_fill_its_bound() -> None:
    assert unpack(gzip.compress(b"x" * 1000, mtime=0), "x-gzip", 1000) == b"x" * 1000
    with pytest.raises(BodyTooLargeError, match="^its body unpacks to more than 999 bytes$"):
        unpack(gzip.compress(b"x" * 1000, mtime=0), "gzip", 999)


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (PLAIN, "br", "it is packed in a way that was not asked for"),
        (b"not packed", "gzip", "it cannot be unpacked"),
        (gzip.compress(PLAIN, mtime=0)[:-9], "gzip", "it is cut short"),
    ],
)
def test_why_it_cannot_be_unpacked_is_said_without_the_body(body: bytes, encoding: str, words: str) -> None:
    with pytest.raises(BodyUnreadableError) as caught:
        unpack(body, encoding, 100)
    assert str(caught.value) == words
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(("status", "success"), [(199, False), (200, True), (299, True), (300, False)])
def test_success_is_a_class_of_statuses(status: int, *, success: bool) -> None:
    assert Answer(status, httpx.Headers()).is_success is success


def test_an_answer_s_repr_shows_neither_headers_nor_body() -> None:
    found = Answer(200, httpx.Headers({"x": "LUAN001"}), b"0332665711")
    assert "200" in repr(found)
    assert not [secret for secret in ("LUAN001", "0332665711") if secret in repr(found)]
    assert (Answer(200, httpx.Headers()).body, Answer(200, httpx.Headers()).fault) == (b"", None)


def nested(levels: int, opening: str = "[{") -> str:
    """So many lists and objects in each other, by turns."""
    kinds = [opening[level % len(opening)] for level in range(levels)]
    start = "".join('{"a":' if kind == "{" else "[" for kind in kinds)
    return start + "1" + "".join("}" if kind == "{" else "]" for kind in reversed(kinds))


@pytest.mark.parametrize("opening", ["[", "{", "[{"])
def test_64_levels_are_read_and_no_more(opening: str) -> None:
    read_json(nested(64, opening).encode())
    with pytest.raises(ValueError, match="^nested too deeply$"):
        read_json(nested(65, opening).encode())


def test_the_deepest_branch_counts() -> None:
    for body in (f"[{nested(65)},[],{{}}]", f'{{"a":{nested(65)},"b":{{}},"c":[]}}', f"[[{nested(65)}],[[]],{{}}]"):
        with pytest.raises(ValueError, match="^nested too deeply$"):
            read_json(body.encode())


def test_wide_is_not_deep() -> None:
    assert read_json(f"[{nested(63)},[],[],[]]".encode()) == [json.loads(nested(63)), [], [], []]
    assert read_json(b"[" + b"[]," * 999 + b"{}]") == [[]] * 999 + [{}]
    with pytest.raises(ValueError, match="^nested too deeply$"):
        read_json(b"[" * 100_000)


def test_complaints_keep_other_letters_and_join_white_space() -> None:
    ((_, message),) = complaints('{"error":" mã   số\\tsai "}'.encode(), {})
    assert message == "mã số sai"
    assert complaints(b'{"error":[{"a":["b",1]}]}', {}) == (FieldError("a", '["b", 1]'),)
    assert complaints(b'{"error":"E","message":7}', {}) == (FieldError(None, "E"),)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_text_is_bounded_in_its_depth_like_an_answer(opening: str, closing: str) -> None:
    with pytest.raises(ValueError, match="^nested too deeply$"):
        read_json(opening * 65 + "1" + closing * 65)
    assert read_json(opening * 60 + "1" + closing * 60)
