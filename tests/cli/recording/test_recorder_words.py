"""What a recorder tells of an exchange, word by word, and which words a file may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, ValidationError

from autocall_otp._cli.recording.recorder import Recorder, Recording, schema_of_exchanges
from autocall_otp._cli.recording.shapes import schema_of_shapes
from autocall_otp._config import DEFAULT_MAX_RESPONSE_BYTES

URL = "https://api.example.vn"
CALL, RECORD = "/v3/autocall/otp", "/v3/autocall/log/{ref_id}/ref_id"
TYPES = [
    *("application/json", "application/problem+json", "application/octet-stream", "application/xml"),
    *("text/html", "text/plain", "text/xml"),
]
HEADERS = ["Content-Encoding", "Location", "RateLimit-Limit", "Retry-After", "WWW-Authenticate", "X-RateLimit-Limit"]


def exchange(response: httpx.Response, method: str = "GET", path: str = "/", **options: Any) -> dict[str, Any]:
    """What is recorded of one request."""
    recording = Recording()
    with httpx.Client(transport=Recorder(httpx.MockTransport(lambda _: response), recording, URL)) as client:
        client.request(method, URL + path, **options)
    (found,) = recording.exchanges
    return found


def names(*given: str, **options: Any) -> list[str]:
    """How the names of fields are told in the answer to a request."""
    return list(exchange(httpx.Response(200, json=dict.fromkeys(given, 1)), **options)["body"]["JSON"]["object"])


def test_an_exchange_is_told_whole() -> None:
    response = httpx.Response(200, json={"message": "success"}, headers={"Retry-After": "5"})
    assert exchange(response, "POST", CALL, json={"code_otp": "LUAN001", "n": 1}) == {
        "method": "POST",
        "path": CALL,
        "request": {"object": {"code_otp": "string, letters and digits, 5-8 characters", "n": "integer, 1-4 digits"}},
        "status": 200,
        "content_type": "application/json",
        "headers": {"Retry-After": "digits"},
        "body": {"JSON": {"object": {"message": "string, the word success"}}},
        "times": 1,
    }


@pytest.mark.parametrize("kind", TYPES)
def test_each_of_these_content_types_is_told(kind: str) -> None:
    assert exchange(httpx.Response(200, headers={"Content-Type": f"{kind} ; a=b; c=d"}))["content_type"] == kind


def test_any_other_content_type_is_not_told() -> None:
    assert exchange(httpx.Response(200, headers={"Content-Type": "text/csv"}))["content_type"] == "another"


def test_these_headers_are_told_by_name() -> None:
    response = httpx.Response(200, headers=[*((name.lower(), "identity") for name in HEADERS), ("ETag", "identity")])
    assert exchange(response)["headers"] == dict.fromkeys(HEADERS, "lower-case word")


def test_a_recording_shows_its_exchanges_alone() -> None:
    assert repr(Recording()) == "Recording(exchanges=[])"
    assert Recording([FAILED]) == Recording([FAILED]) != Recording([])


def test_a_recording_listens_in_on_connections_to_the_service() -> None:
    recording, url = Recording(), "http://127.0.0.1:1/base"
    with httpx.Client(transport=recording.transport(url)) as client, pytest.raises(httpx.ConnectError):
        client.post(url + CALL)
    assert recording.exchanges == [{"method": "POST", "path": CALL, "failure": "ConnectError", "times": 1}]


@pytest.mark.parametrize("base", ["/MAX", "/MAX/"])
def test_the_base_address_is_cut_off_at_its_end(base: str) -> None:
    recording = Recording()
    transport = Recorder(httpx.MockTransport(lambda _: httpx.Response(404)), recording, URL + base)
    with httpx.Client(transport=transport) as client:
        client.post(f"{URL}/MAX{CALL}")
        client.get(f"{URL}/MAX{RECORD}")
        client.put(f"{URL}/MAX{CALL}")
        client.get(f"{URL}/MAX{CALL}")
        client.get(URL + RECORD)
    told = [(each["method"], each["path"], each["times"]) for each in recording.exchanges]
    assert told == [("POST", CALL, 1), ("GET", RECORD, 1), ("PUT", "/other", 1), ("GET", "/other", 2)]


@pytest.mark.parametrize("scheme", ["Bearer", "Another scheme"])
def test_a_name_that_holds_the_token_is_not_told(scheme: str) -> None:
    headers = {"Authorization": f"{scheme} zephyrquark"}
    assert names("zephyrquark", "my_zephyrquark", "bearer", headers=headers) == ["(hidden 1)", "(hidden 2)", "bearer"]


def test_a_name_that_holds_the_reference_is_not_told() -> None:
    path = RECORD.replace("{ref_id}", "quix%6ftry")
    assert names("my_quixotry", "quix", path=path) == ["(hidden 1)", "quix"]
    assert names("my_quixotry", "quix", method="POST", path=CALL, json={"ref_id": "quixotry"}) == ["(hidden 1)", "quix"]


def test_a_name_that_holds_the_host_is_not_told() -> None:
    assert names("api_example_vn_id", "example") == ["(hidden 1)", "example"]


@pytest.mark.parametrize("sent", [{}, {"ref_id": 1}, {"ref_id": "quixotry"}, ["ref_id"]])
def test_other_names_are_told(sent: object) -> None:
    assert names("xxxx", "none_of_these", method="POST", path=CALL, json=sent) == ["xxxx", "none_of_these"]
    assert names("xxxx", "none_of_these", method="POST", json=sent) == ["xxxx", "none_of_these"]


class Parts(httpx.SyncByteStream):
    """A body in parts."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)


WHOLE = b'"' + b"a" * (DEFAULT_MAX_RESPONSE_BYTES - 2) + b'"'


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        ([WHOLE], {"JSON": "string, very long text"}),
        ([WHOLE, b" "], "too large"),
        ([WHOLE + b" "], "too large"),
        ([WHOLE + b" ", b" "], "too large"),
    ],
    ids=["as large as may be", "a byte more", "a byte more at once", "two bytes more"],
)
def test_a_body_may_be_as_large_as_the_client_s_bound(parts: list[bytes], body: object) -> None:
    assert exchange(httpx.Response(200, stream=Parts(*parts)))["body"] == body


def test_an_answer_that_is_closed_twice_is_one_answer() -> None:
    recording = Recording()
    transport = Recorder(httpx.MockTransport(lambda _: httpx.Response(204)), recording, URL)
    response = transport.handle_request(httpx.Request("GET", URL))
    response.close()
    assert isinstance(response.stream, httpx.SyncByteStream)
    response.stream.close()
    assert [(each["body"], each["times"]) for each in recording.exchanges] == [("cut short", 1)]


ANSWERED: dict[str, Any] = {
    "method": "GET",
    "path": RECORD,
    "times": 1,
    "status": 200,
    "content_type": "none",
    "headers": {},
    "body": "empty",
}
FAILED = {"method": "POST", "path": CALL, "times": 1, "failure": "ReadTimeout"}
FAILURES = [
    *("CloseError", "ConnectError", "ConnectTimeout", "LocalProtocolError", "NetworkError", "PoolTimeout"),
    *("ProtocolError", "ProxyError", "ReadError", "ReadTimeout", "RemoteProtocolError", "TimeoutException"),
    *("TransportError", "UnsupportedProtocol", "WriteError", "WriteTimeout"),
]
GOOD: dict[str, list[object]] = {
    "method": ["GET", "POST"],
    "path": ["/other", "/v0/a_b/{a_b}", "/v9", f"/{'a' * 32}"],
    "request": ["null", {"object": {"a": "null"}}],
    "times": [1, 2],
    "status": [100, 999],
    "content_type": [*TYPES, "none", "another"],
    "headers": [{}, *({name: kind} for name in HEADERS for kind in ("empty", "digits", "very long text"))],
    "body": [
        *("empty", "cut short", "too large", "packed in an unknown way"),
        *("no JSON: markup, 1-4 bytes", "no JSON: very long text, 257+ bytes", {"JSON": "null"}),
    ],
}
BAD: dict[str, list[object]] = {
    "method": ["PUT", "get", 1],
    "path": ["", "/", "calls", "/42", "/v10", "/A", "/a/", "/a-b", "/other\n", f"/{'a' * 33}", 5, None],
    "request": [None, "luan", {"object": {"a": 1}}],
    "times": [0, "1", 1.5, None],
    "status": [99, 1000, "200", 200.5, None],
    "content_type": ["text/csv", "", None],
    "headers": [None, "", [], {"ETag": "digits"}, {"retry-after": "digits"}, {"Location": "luan"}, {"Location": ""}],
    "body": [
        *("luan", "", None, [], "no JSON: markup, 3 bytes", "no JSON: luan, 1-4 bytes"),
        *({}, {"JSON": "luan"}, {"JSON": "null", "more": "null"}, {"json": "null"}),
    ],
    "more": [1, None, "null"],
}


def complaints(value: object) -> list[ValidationError]:
    schema = {**schema_of_exchanges(), "$defs": {"shape": schema_of_shapes()}}
    return list(Draft202012Validator(schema).iter_errors(value))


@pytest.mark.parametrize("name", GOOD)
def test_a_file_may_hold_this(name: str) -> None:
    for value in GOOD[name]:
        assert complaints(ANSWERED | {name: value}) == [], value


@pytest.mark.parametrize("name", BAD)
def test_a_file_may_not_hold_this(name: str) -> None:
    for value in BAD[name]:
        assert complaints(ANSWERED | {name: value}), value


@pytest.mark.parametrize("failure", FAILURES)
def test_a_file_may_hold_each_failure_by_its_name(failure: str) -> None:
    assert complaints(FAILED | {"failure": failure}) == []


@pytest.mark.parametrize("failure", ["HTTPError", "InvalidURL", "Client", "readtimeout", "", None])
def test_a_file_may_hold_no_other_failure(failure: str | None) -> None:
    assert complaints(FAILED | {"failure": failure})


@pytest.mark.parametrize("of", [ANSWERED, FAILED], ids=["answered", "failed"])
def test_nothing_of_an_exchange_may_be_missing(of: dict[str, Any]) -> None:
    for name in of:
        assert complaints({key: value for key, value in of.items() if key != name}), name


def test_an_exchange_is_answered_or_fails() -> None:
    assert complaints(ANSWERED | FAILED)


def test_an_exchange_that_is_no_object_is_told_by_its_type() -> None:
    assert complaints("luan")[0].message == "'luan' is not of type 'object'"
