"""The recorder: the client gets every byte as it came, and the recording gets the shape of it, whatever came."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.page import FACTS, payload

from autocall_otp import AutocallError, Client, Retry
from autocall_otp._cli.recording.recorder import FAILURES, Recorder, Recording

CAMPAIGN = "f77dfcf4-0759-4179-93cb-741f481a776e"
RECORD = payload("get_cdr.answer")
URL = "https://api.example.vn"


class Body(httpx.SyncByteStream):
    """A body in chunks, which may break off."""

    def __init__(self, *chunks: bytes, error: Exception | None = None) -> None:
        self._chunks, self._error, self.closed = chunks, error, False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        if self._error:
            raise self._error

    def close(self) -> None:
        self.closed = True


class Inner(httpx.BaseTransport):
    """Answers with what a test gives it."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers, self.requests, self.closed = list(answers), list[httpx.Request](), False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True


def listen(
    *answers: httpx.Response | Exception, url: str = URL, ref_id: str = "R1", retry: Retry | None = None
) -> tuple[list[dict[str, Any]], Any]:
    """What is recorded of a look-up, and what its caller got."""
    recording, inner = Recording(), Inner(*answers)
    got: Any
    with Client(url, "t0ken", transport=Recorder(inner, recording, url), retry=retry or Retry.none()) as client:
        try:
            got = client.get_cdr(ref_id)
        except AutocallError as error:
            got = error
    assert inner.closed
    return recording.exchanges, got


def answer(body: bytes = b"{}", status: int = 200, **headers: str) -> httpx.Response:
    given = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return httpx.Response(status, headers=given, stream=Body(body[:5], body[5:]))


@pytest.mark.parametrize(
    "url", [URL, f"{URL}/a/b/", f"{URL}/a/../x_y", f"{URL}/v3/autocall/log/c-d/ref_id", f"{URL}/đường"]
)
@pytest.mark.parametrize("ref_id", ["R1", "v3", "log", "ref_id", "đơn 42/7", "a%2Fb", "?x", "{ref_id}"])
def test_a_path_is_told_as_the_contract_has_it(url: str, ref_id: str) -> None:
    recording = Recording()
    with Client(
        url,
        "t",
        campaign_uuid=CAMPAIGN,
        template="x",
        transport=Recorder(Inner(answer(), answer(b'{"call_id": "1"}')), recording, url),
    ) as client:
        client.get_cdr(ref_id)
        client.run_otp("0332665711", "1", ref_id=ref_id)
    assert [(each["method"], each["path"]) for each in recording.exchanges] == [
        ("GET", FACTS["get_cdr"]["path"]),
        ("POST", FACTS["run_otp"]["path"]),
    ]


def test_a_path_that_the_sdk_does_not_ask_for_is_not_told() -> None:
    recording = Recording()
    with httpx.Client(transport=Recorder(Inner(answer()), recording, URL)) as client:
        client.get(f"{URL}/calls/0332665711")
        client.get(f"{URL}/calls/luan")
        client.post(f"{URL}/calls/LUAN001", content=b"no json")
        client.put(f"{URL}/calls")
    assert {each["path"] for each in recording.exchanges} == {"/other"}


def test_the_client_gets_what_came() -> None:
    body = json.dumps(RECORD).encode()
    response = answer(body, X_Other="1")
    response.extensions["http_version"] = b"HTTP/1.1"
    inner = Inner(response)
    transport = Recorder(inner, Recording(), URL)
    request = httpx.Request("GET", f"{URL}/x", headers={"Authorization": "Bearer t0ken"})
    passed = transport.handle_request(request)
    assert inner.requests == [request]
    assert isinstance(passed.stream, httpx.SyncByteStream)
    assert list(passed.stream) == [body[:5], body[5:]]
    passed.stream.close()
    assert passed.headers == response.headers
    assert passed.extensions == response.extensions
    assert isinstance(response.stream, Body)
    assert response.stream.closed


JSON: Any = {"JSON": {"object": {}}}


@pytest.mark.parametrize(
    ("response", "body"),
    [
        (answer(), JSON),
        (answer(gzip.compress(b"{}"), Content_Encoding="gzip"), JSON),
        (answer(gzip.compress(b"{}")[:-3], Content_Encoding="gzip"), "packed in an unknown way"),
        (answer(gzip.compress(b" " * 2**24), Content_Encoding="gzip"), "too large"),
        (answer(b"{}", Content_Encoding="br"), "packed in an unknown way"),
        (answer(b""), "empty"),
        (answer(b" " * (2**20 + 1)), "too large"),
        (answer(b"<html>" + b"x" * 50), "no JSON: markup, 33-64 bytes"),
        (answer(b"\xff\xfe\x00"), "no JSON: other text, 1-4 bytes"),
        (answer(b'{"a": 1'), "no JSON: text, 5-8 bytes"),
        (answer(b"[" * 100_000), "no JSON: very long text, 257+ bytes"),
        (answer(b'{"a": ' + b"9" * 5000 + b"}"), "no JSON: very long text, 257+ bytes"),
        (answer(b'"0332665711"'), {"JSON": "string, digits, 9-16 characters"}),
        (httpx.Response(200, stream=Body(b'{"a"', error=httpx.ReadError("0332665711"))), "cut short"),
    ],
)
def test_a_body_of_any_kind(response: httpx.Response, body: object) -> None:
    (exchange,), _ = listen(response)
    assert exchange["body"] == body


def test_headers_are_told_by_kind() -> None:
    told = {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT", "Location": "/0332665711", "WWW_Authenticate": ""}
    (exchange,), _ = listen(answer(status=401, Set_Cookie="t0ken", X_0332665711="1", **told))
    assert exchange["headers"] == {"Retry-After": "text", "Location": "text", "WWW-Authenticate": "empty"}
    assert exchange["status"] == 401


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("text/html", "text/html"),
        ("text/0332665711", "another"),
        ("", "none"),
    ],
)
def test_a_content_type_is_of_a_closed_list(given: str, told: str) -> None:
    (exchange,), _ = listen(answer(Content_Type=given))
    assert exchange["content_type"] == told
    (exchange,), _ = listen(httpx.Response(200, stream=Body(b"{}")))
    assert exchange["content_type"] == "none"


def test_what_repeats_itself_is_counted() -> None:
    refusal = answer(status=503, body=b'{"error": "no"}')
    exchanges, _ = listen(refusal, refusal, answer(status=502), retry=Retry(base=0))
    assert [(each["status"], each["times"]) for each in exchanges] == [(503, 2), (502, 1)]


def test_a_failure_is_told_by_its_name_alone() -> None:
    class OwnTimeoutError(httpx.ReadTimeout):
        pass

    for error, name in ((httpx.ConnectError("0332665711"), "ConnectError"), (OwnTimeoutError("x"), "ReadTimeout")):
        exchanges, got = listen(error)
        assert exchanges == [{"method": "GET", "path": FACTS["get_cdr"]["path"], "failure": name, "times": 1}]
        assert isinstance(got, AutocallError)
        assert name in FAILURES
