"""A body that can be sent once, and remembers."""

import asyncio
import copy
import pickle
from collections.abc import Callable

import httpx
import pytest
from support.flows import Clock, request

from autocall_otp._sansio.evidence import Request


async def collect(asked: Request) -> bytes:
    return b"".join([chunk async for chunk in asked.body])


WAYS: dict[str, Callable[[Request], bytes]] = {
    "sync": lambda asked: b"".join(asked.body),
    "async": lambda asked: asyncio.run(collect(asked)),
}
each_way = pytest.mark.parametrize("send", WAYS.values(), ids=list(WAYS))


@each_way
def test_it_is_sent_once_and_remembers(send: Callable[[Request], bytes]) -> None:
    one = request()
    assert not one.body.asked
    assert send(one) == b"body"
    assert one.body.asked
    for again in WAYS.values():
        with pytest.raises(httpx.WriteError, match="once only"):
            again(one)


@each_way
def test_nothing_leaves_after_the_deadline(send: Callable[[Request], bytes]) -> None:
    clock = Clock()
    late, in_time = request(1000.0, clock), request(1000.01, clock)
    with pytest.raises(httpx.WriteTimeout):
        send(late)
    assert not late.body.asked
    assert send(in_time) == b"body"


@each_way
def test_a_copy_is_no_sending(send: Callable[[Request], bytes]) -> None:
    one, other = request(), request()
    assert (one.read(), asyncio.run(other.aread())) == (b"body", b"body")
    for each in (one, other):
        assert (each.content, each.copied, each.body.asked) == (b"body", True, False)
        assert send(each) == b"body"


@pytest.mark.parametrize("copies", [copy.copy, copy.deepcopy])
def test_a_copy_of_the_request_is_a_copy_of_the_body(copies: Callable[[Request], Request]) -> None:
    one = request()
    assert copies(one).read() == b"body"
    assert one.copied
    with pytest.raises(TypeError):
        pickle.dumps(one.body)


def test_whoever_sends_the_content_has_to_take_the_stream() -> None:
    """A transport that sent `content` behind our back could send it twice."""
    with pytest.raises(httpx.RequestNotRead):
        _ = request().content
    assert request(content=b"").content == b""
    assert not isinstance(request().stream, httpx.ByteStream), "respx would read that one twice"


def test_a_transport_finds_the_evidence_with_the_request() -> None:
    one = request()
    assert one.extensions["autocall_otp"] is one.stream is one.body
    assert one.body.deadline == 1030.0
