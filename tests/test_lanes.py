"""The free list: bounded, fair, clean after failures and cancellations."""

import asyncio
import socket
import threading
import types
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from autocall_otp import _lanes
from autocall_otp._flow import _never_left
from autocall_otp._lanes import AsyncLane, AsyncLanes, Lane, Lanes


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Two chunks, then perhaps a failure."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure, self.closed = failure, 0

    def __iter__(self) -> Iterator[bytes]:
        yield b"one"
        if self.failure:
            raise self.failure
        yield b"two"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class Connection(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Stands for a transport with one connection; remembers what became of it."""

    made: list["Connection"]

    def __init__(self, answers: "Service") -> None:
        self.answers, self.used, self.closed = answers, 0, False
        answers.made.append(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.used += 1
        if isinstance(self.answers.next, Exception):
            raise self.answers.next
        return httpx.Response(200, stream=self.answers.next, request=request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.answers.gate.wait()
        return self.handle_request(request)

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


class Service:
    """What every connection answers next."""

    def __init__(self) -> None:
        self.made: list[Connection] = []
        self.next: Body | Exception = Body()
        self.gate = asyncio.Event()
        self.gate.set()

    def connect(self) -> Connection:
        return Connection(self)


def request(pool: float | None = 0.05) -> httpx.Request:
    extensions = {"timeout": {"pool": pool}, "deadline": 1e12}
    return httpx.Request("GET", "https://api.example.vn", extensions=extensions)


def sync_lanes(service: Service, size: int = 2, keep: int = 2, expiry: float = 60.0) -> Lanes:
    return Lanes(service.connect, size=size, keep=keep, expiry=expiry)


def exchange(lanes: Lanes, pool: float | None = 0.05) -> bytes:
    """A request and its answer, as a client drives them."""
    return finish(lanes, lanes.take(request(pool)))


def finish(lanes: Lanes, lane: Lane) -> bytes:
    whole = False
    try:
        stream = lane.transport.handle_request(request()).stream
        assert isinstance(stream, httpx.SyncByteStream)
        body = b"".join(stream)
        whole = True
        return body
    finally:
        lanes.give_back(lane, whole=whole)


def test_one_connection_serves_one_request_after_another() -> None:
    service = Service()
    lanes = sync_lanes(service)
    assert [exchange(lanes) for _ in range(5)] == [b"onetwo"] * 5
    assert [connection.used for connection in service.made] == [5]


def test_there_are_never_more_connections_than_allowed() -> None:
    service = Service()
    lanes = sync_lanes(service, size=2)
    held = [lanes.take(request()) for _ in range(2)]
    with pytest.raises(httpx.PoolTimeout):
        lanes.take(request())
    finish(lanes, held[0])
    exchange(lanes)
    assert len(service.made) == 2


def test_a_waiting_thread_gets_the_connection_that_comes_free() -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    held = lanes.take(request())
    got: list[bytes] = []
    waiting = threading.Thread(target=lambda: got.append(exchange(lanes, 30)))
    waiting.start()
    finish(lanes, held)
    waiting.join(30)
    assert got == [b"onetwo"]


@pytest.mark.parametrize("failure", [httpx.ReadError("reset"), RuntimeError("odd")], ids=repr)
def test_a_connection_that_failed_is_closed_and_never_used_again(failure: Exception) -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    service.next = failure
    with pytest.raises(type(failure)):
        exchange(lanes)
    service.next = Body(failure)
    with pytest.raises(type(failure)):
        exchange(lanes)
    service.next = Body()
    assert exchange(lanes) == b"onetwo"
    assert [connection.closed for connection in service.made] == [True, True, False]


def test_an_answer_that_is_not_read_to_its_end_closes_its_connection() -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    lanes.give_back(lanes.take(request()), whole=False)
    assert service.made[0].closed
    assert exchange(lanes) == b"onetwo"


def test_idle_connections_are_bounded_and_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(_lanes.time, "monotonic", lambda: now)
    service = Service()
    lanes = sync_lanes(service, size=5, keep=3, expiry=30.0)
    for held in [lanes.take(request()) for _ in range(5)]:
        finish(lanes, held)
    assert sum(connection.closed for connection in service.made) == 2
    now += 31
    exchange(lanes)
    assert [connection.closed for connection in service.made] == [True] * 5 + [False]
    lanes.close()
    assert all(connection.closed for connection in service.made)


async def aexchange(lanes: AsyncLanes, pool: float | None = 0.05) -> bytes:
    """A request and its answer, as a client drives them."""
    return await afinish(lanes, await lanes.take(request(pool)))


async def afinish(lanes: AsyncLanes, lane: AsyncLane) -> bytes:
    whole = False
    try:
        stream = (await lane.transport.handle_async_request(request())).stream
        assert isinstance(stream, httpx.AsyncByteStream)
        body = b"".join([chunk async for chunk in stream])
        whole = True
        return body
    finally:
        await lanes.give_back(lane, whole=whole)


def test_async_connections_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0

    async def main() -> list[bool]:
        nonlocal now
        service = Service()
        lanes = AsyncLanes(service.connect, size=5, keep=3, expiry=30.0)
        for held in [await lanes.take(request()) for _ in range(2)]:
            await afinish(lanes, held)
        now += 31
        await aexchange(lanes)
        return [connection.closed for connection in service.made]

    # The event loop's own clock stays as it is.
    monkeypatch.setattr(_lanes, "time", types.SimpleNamespace(monotonic=lambda: now))
    assert asyncio.run(main()) == [True, True, False]


def test_a_connection_that_cannot_be_closed_says_nothing_of_the_call() -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "close", lambda _: 1 / 0)
        lanes.give_back(lanes.take(request()), whole=False)
    assert exchange(lanes) == b"onetwo"


def test_the_socket_of_a_connection_is_known_only_while_it_is_open_and_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    lanes = sync_lanes(Service(), size=1)
    first = request()
    lane = lanes.take(first)
    assert first.extensions["trace"] == lane.trace
    stream = types.SimpleNamespace(get_extra_info=lambda name: ours if name == "socket" else None)
    lane.trace("connection.connect_tcp.complete", {"return_value": stream})
    lanes.give_back(lane, whole=True)
    assert lane.is_known()
    with monkeypatch.context() as later:
        at = _lanes.time.monotonic() + 1.5
        later.setattr(_lanes, "time", types.SimpleNamespace(monotonic=lambda: at))
        assert not lane.is_known()
    ours.close()
    theirs.close()
    assert not lane.is_known()


def test_tasks_get_connections_in_turn() -> None:
    async def main() -> tuple[list[int], int]:
        service = Service()
        lanes = AsyncLanes(service.connect, size=2, keep=2, expiry=60.0)
        served: list[int] = []

        async def one(number: int) -> None:
            await aexchange(lanes, None)
            served.append(number)

        service.gate.clear()
        everyone = asyncio.gather(*(one(number) for number in range(100)))
        await asyncio.sleep(0)
        service.gate.set()
        await everyone
        await lanes.aclose()
        assert all(connection.closed for connection in service.made)
        return served, len(service.made)

    served, connections = asyncio.run(main())
    assert served == list(range(100))
    assert connections == 2


def test_no_connection_comes_free_in_time_for_a_task() -> None:
    async def main() -> None:
        service = Service()
        lanes = AsyncLanes(service.connect, size=1, keep=1, expiry=60.0)
        held = await lanes.take(request())
        with pytest.raises(httpx.PoolTimeout):
            await lanes.take(request())
        await afinish(lanes, held)
        await aexchange(lanes)

    asyncio.run(main())


def test_a_cancelled_request_gives_its_place_back_and_closes_its_connection() -> None:
    async def main() -> None:
        service = Service()
        lanes = AsyncLanes(service.connect, size=1, keep=1, expiry=60.0)
        for _ in range(10):
            service.gate.clear()
            task = asyncio.create_task(aexchange(lanes))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        service.gate.set()
        assert await aexchange(lanes) == b"onetwo"
        assert [connection.closed for connection in service.made] == [True] * 10 + [False]

    asyncio.run(main())


def test_a_failed_async_connection_is_closed() -> None:
    async def main() -> None:
        service = Service()
        lanes = AsyncLanes(service.connect, size=1, keep=1, expiry=60.0)
        service.next = Body(httpx.ReadError("reset"))
        with pytest.raises(httpx.ReadError):
            await aexchange(lanes)
        service.next = Body()
        await aexchange(lanes)
        assert [connection.closed for connection in service.made] == [True, False]

    asyncio.run(main())


def test_a_connection_that_cannot_be_made_takes_no_place() -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    exchange(lanes)
    lanes.close()
    make, lanes._make = lanes._make, lambda: 1 / 0  # type: ignore[assignment] # a transport that fails to be made
    with pytest.raises(ZeroDivisionError):
        lanes.take(request())
    lanes._make = make
    assert exchange(lanes) == b"onetwo"


def test_an_async_connection_that_cannot_be_made_takes_no_place() -> None:
    async def main() -> None:
        service = Service()
        lanes = AsyncLanes(service.connect, size=1, keep=1, expiry=60.0)
        await lanes.aclose()
        make, lanes._make = lanes._make, lambda: 1 / 0  # type: ignore[assignment] # a transport that fails to be made
        with pytest.raises(ZeroDivisionError):
            await lanes.take(request())
        lanes._make = make
        assert await aexchange(lanes) == b"onetwo"

    asyncio.run(main())


def test_a_request_that_found_no_connection_never_left() -> None:
    lanes = sync_lanes(Service(), size=1)
    lanes.take(request())
    with pytest.raises(httpx.PoolTimeout) as caught:
        lanes.take(request())
    assert _never_left(caught.value)

    async def main() -> None:
        lanes = AsyncLanes(Service().connect, size=1, keep=1, expiry=60.0)
        await lanes.take(request())
        with pytest.raises(httpx.PoolTimeout) as caught:
            await lanes.take(request())
        assert _never_left(caught.value)

    asyncio.run(main())


def test_a_lane_is_cut_off_by_ending_its_connection() -> None:
    ours, theirs = socket.socketpair()
    lane, failure = Lane(Service().connect()), httpx.ReadError("reset")
    assert lane.failure(failure) is failure
    lane.cut_off()  # no connection yet
    lane = Lane(Service().connect())
    for event, stream in (("connection.start_tls.complete", ours), ("connection.connect_tcp.started", theirs)):
        lane.trace(event, {"return_value": types.SimpleNamespace(get_extra_info=lambda _, found=stream: found)})
    lane.cut_off()
    assert theirs.recv(1) == b""
    late = lane.failure(failure)
    assert (type(late), late.args, late.__cause__) == (
        httpx.ReadTimeout, ("the deadline passed before the answer was whole",), failure,
    )  # fmt: skip
    ours.close()
    lane.cut_off()  # its connection is closed
    theirs.close()


def test_a_lane_is_watched_while_it_is_in_use() -> None:
    armed: dict[Lane, float] = {}
    lanes = sync_lanes(Service())
    lanes._watch = types.SimpleNamespace(arm=armed.__setitem__, disarm=armed.pop)  # type: ignore[assignment] # a stand-in
    lane = lanes.take(request())
    assert armed == {lane: 1e12}
    lanes.give_back(lane, whole=True)
    assert armed == {}


def test_another_lane_s_trace_does_not_stay_with_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "is_known", lambda _: True)
    again = request()
    again.extensions["trace"] = print
    sync_lanes(Service()).take(again)
    assert "trace" not in again.extensions


def test_who_waits_in_vain_is_told_for_what() -> None:
    words = "^no connection came free in time$"
    lanes = sync_lanes(Service(), size=1)
    lanes.take(request())
    with pytest.raises(httpx.PoolTimeout, match=words):
        lanes.take(request())

    async def main() -> None:
        lanes = AsyncLanes(Service().connect, size=1, keep=1, expiry=60.0)
        await lanes.take(request())
        with pytest.raises(httpx.PoolTimeout, match=words):
            await lanes.take(request())

    asyncio.run(main())


def test_the_oldest_idle_connection_goes_while_a_younger_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(_lanes, "time", types.SimpleNamespace(monotonic=lambda: now))
    service = Service()
    lanes = sync_lanes(service, size=2, keep=2, expiry=30.0)
    first, second = lanes.take(request()), lanes.take(request())
    lanes.give_back(first, whole=True)
    now += 31
    lanes.give_back(second, whole=True)
    assert [connection.closed for connection in service.made] == [True, False]


def test_an_async_connection_that_cannot_be_closed_says_nothing_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: Connection) -> None:
        raise OSError

    async def main() -> None:
        lanes = AsyncLanes(Service().connect, size=1, keep=1, expiry=60.0)
        await lanes.give_back(await lanes.take(request()), whole=False)
        assert await aexchange(lanes) == b"onetwo"

    monkeypatch.setattr(Connection, "aclose", fail)
    asyncio.run(main())


def test_a_deadline_that_cannot_be_watched_costs_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    service = Service()
    lanes = sync_lanes(service, size=1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        for _ in range(3):
            with pytest.raises(RuntimeError, match="new thread"):
                lanes.take(request())
    assert lanes._watch._armed == {}
    assert all(connection.closed for connection in service.made), "what nobody watched is not kept"
    assert exchange(lanes) == b"onetwo"
    assert lanes._watch._running
