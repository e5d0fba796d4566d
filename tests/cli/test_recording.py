"""A recording: whatever a service sends, no token, code, number, reference or name is in it."""

import gzip
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autocall_otp import AutocallError, Client, Retry
from autocall_otp._cli import recorder
from autocall_otp._cli.recorder import Recorder
from autocall_otp._cli.recording import UnusableFileError, as_text, read, shapes_of
from autocall_otp._cli.shapes import bare
from cli.conftest import CAMPAIGN

URL = "https://api.example.vn"
RECORDER = Recorder(httpx.URL(URL))
"""One for all tests, since each loads whom to trust."""
# Of letters alone, which are the hardest: they could be the names of fields.
TOKEN, CODE, REF_ID, NUMBER = "zephyrtokenquark", "xylograph", "quixotry", "0332987711"
SENT = (TOKEN, CODE, REF_ID, NUMBER)
# What the recorder cannot know, and a service may hold of somebody.
NAME, EMAIL, CALLER = "Nguyễn Thị Wyvern", "nguyen.wyvern@example.vn", "02873007357"
EVERYTHING = (*SENT, NAME, EMAIL, CALLER, "Wyvern")
PACKED = {"Content-Encoding": "gzip"}
PATHS = ["/v3/autocall/otp", "/v3/autocall/log/{ref_id}/ref_id"]


def leaks(text: str) -> list[str]:
    """The secrets in a text, whatever case and separators they are written with."""
    core = bare(text)
    return [secret for secret in EVERYTHING if bare(secret).removeprefix("0") in core]


def ask_all(transport: Recorder) -> list[dict[str, Any]]:
    """What is recorded of a call and of a look-up."""
    options: dict[str, Any] = {"campaign_uuid": CAMPAIGN, "template": "otp", "retry": Retry.none()}
    with Client(URL, TOKEN, transport=transport, **options) as client:
        with suppress(AutocallError):
            client.run_otp(NUMBER, CODE, ref_id=REF_ID)
        with suppress(AutocallError):
            client.get_cdr(REF_ID)
    transport.end()
    return shapes_of(transport.exchanges)


def answered_by(answer: Callable[[httpx.Request], httpx.Response]) -> Recorder:
    RECORDER._http = httpx.Client(transport=httpx.MockTransport(answer))
    RECORDER.exchanges = []
    return RECORDER


def recorded(content: Any = b"", *, status: int = 200, **headers: str) -> list[dict[str, Any]]:
    return ask_all(answered_by(lambda _: httpx.Response(status, headers=headers, content=content)))


def spelt(secret: str) -> st.SearchStrategy[str]:
    """A secret in one of the ways in which a program may write it, within other words or not."""
    forms = [secret, secret.upper(), secret.title(), "_".join(secret), f"{secret[:4]}-{secret[4:]}", f"{secret}1"]
    if secret.isdigit():
        forms += [f"84{secret[1:]}", f"+84 {secret[1:4]} {secret[4:]}", f"n{secret}"]
    around = st.sampled_from(["", "", "my", "a_", "X", "call for "])
    return st.tuples(around, st.sampled_from(forms), around).map("".join)


words = st.sampled_from(["error", "message", "status", "additional", "code_otp", "to_number", "press_key", "note"])
names = st.sampled_from(SENT).flatmap(spelt) | words | st.text(max_size=6)
texts = st.sampled_from(EVERYTHING).flatmap(spelt) | st.text(max_size=6)
parts: st.SearchStrategy[Any] = st.recursive(
    texts | st.integers() | st.none() | st.just(int(NUMBER)) | st.just(float(CALLER)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5) | inner.map(json.dumps),
    max_leaves=15,
)
# Names of people: where they stand as a value, too, or within JSON in a text, they are not taken for names of fields.
people = st.sampled_from(
    [{"Wyvern": 1, "fullname": "Wyvern"}, {"press_key": json.dumps({"Wyvern": [{"Wyvern": 1}]})}, {"note": "wyvern"}]
)
values = parts | st.builds(lambda one, other: one | other, st.dictionaries(names, parts, min_size=1), people)
bodies = values.map(json.dumps) | texts


@settings(max_examples=int(os.environ.get("AUTOCALL_EXAMPLES", "200")))
@given(bodies, st.sampled_from([200, 400, 404, 500, 999]), texts, st.booleans())
def test_no_body_and_no_header_brings_a_secret_into_it(body: str, status: int, header: str, as_json: bool) -> None:  # noqa: FBT001 - drawn by position
    plain = header.encode("ascii", "ignore").decode()
    headers = {"Retry-After": plain, f"X-{bare(plain)}": plain}
    headers["Content-Type"] = "application/json" if as_json else f"text/{plain}"
    assert leaks(as_text(recorded(body.encode("utf-8", "surrogatepass"), status=status, **headers))) == []


@pytest.mark.parametrize("note", ["Wyvern", json.dumps({"a": ["wyvern"]})])
def test_a_name_is_hidden_that_holds_a_value_of_another_answer(note: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"my_wyvern": 1} if request.method == "POST" else {"note": note})

    assert leaks(as_text(ask_all(answered_by(answer)))) == []


def test_the_search_would_find_a_secret() -> None:
    for secret in EVERYTHING:
        assert secret in leaks(f'{{"a": "{secret.upper()}"}}')
    assert leaks('"+84 332 987-711"') == [NUMBER]
    assert leaks('"x_y_l_o_g_r_a_p_h"') == [CODE]


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (b"{}", {}, {"JSON": {}}),
        (b"null", {}, {"JSON": "null"}),
        (gzip.compress(b"{}", mtime=0), PACKED, {"JSON": {}}),
        (b"", {}, "empty"),
        (gzip.compress(b" " * 2**22, mtime=0), PACKED, "too large"),
        (b"<html>0332987711", {}, "no JSON: markup"),
        (b"\xff\xfe\x00", {}, "no JSON: text"),
        (b'{"a": 1', {}, "no JSON: text"),
        (b"[" * 100_000, {}, "no JSON: very long text"),
    ],
)
def test_a_body_of_any_kind(body: bytes, headers: dict[str, str], told: object) -> None:
    assert [(each["path"], each["body"]) for each in recorded(body, **headers)] == [(path, told) for path in PATHS]


def test_no_more_of_an_endless_body_is_read_than_is_looked_at() -> None:
    chunks = iter([b" " * recorder.MAX_BYTES] * 100)
    assert {each["body"] for each in recorded(chunks)} == {"too large"}
    assert len(list(chunks)) == 96


@pytest.mark.parametrize(
    ("sent", "told"),
    [("Application/JSON; charset=utf-8", "application/json"), ("text/0332987711", "another"), ("", "none")],
)
def test_a_content_type_is_of_a_closed_list(sent: str, told: str) -> None:
    assert {each["content_type"] for each in recorded(**{"Content-Type": sent})} == {told}


def test_a_failure_is_told_by_its_name_alone() -> None:
    exchanges = ask_all(answered_by(Mock(side_effect=httpx.ReadTimeout(NUMBER))))
    assert exchanges[0] == {"method": "POST", "path": PATHS[0], "failure": "ReadTimeout"}


def test_the_client_gets_what_came() -> None:
    packed = httpx.Response(200, headers={**PACKED, "X-Other": "1"}, content=gzip.compress(b'{"id": "1"}'))
    transport = answered_by(lambda _: packed)
    for _ in range(2):
        with Client(URL, "t0ken", transport=transport) as client:
            assert client.get_cdr("R1").id == "1", "it serves one client after the other"
    assert transport.exchanges[0].headers["X-Other"] == "1"
    assert "t0ken" not in repr(transport.exchanges)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a recording"),
        (b"[]", "is not a recording"),
        (b" " * (2**22 + 1), "is not a recording"),
        (b"[" * 1_000_000, "is not a recording"),
        (b'{"format": "autocall-otp recording", "version": 1}', "another version"),
    ],
    ids=range(5),
)
def test_a_file_that_is_no_recording_is_told_as_such(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(UnusableFileError, match="cannot be read"):
        read(path)
    path.write_bytes(content)
    with pytest.raises(UnusableFileError, match=words):
        read(path)
