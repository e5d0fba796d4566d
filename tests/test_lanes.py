"""The free list: bounded, fair, clean after failures and cancellations."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from autocall_otp import _lanes
from autocall_otp._flow import _never_left
from autocall_otp._lanes import AsyncLanes, Lanes


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


def read(response: httpx.Response) -> bytes:
    stream = response.stream
    assert isinstance(stream, httpx.SyncByteStream)
    try:
        return b"".join(stream)
    finally:
        stream.close()


def test_one_connection_serves_one_request_after_another() -> None:
    service = Service()
    lanes = sync_lanes(service)
    assert [read(lanes.handle_request(request())) for _ in range(5)] == [b"onetwo"] * 5
    assert [connection.used for connection in service.made] == [5]


def test_there_are_never_more_connections_than_allowed() -> None:
    service = Service()
    lanes = sync_lanes(service, size=2)
    held = [lanes.handle_request(request()) for _ in range(2)]
    with pytest.raises(httpx.PoolTimeout):
        lanes.handle_request(request())
    read(held[0])
    read(lanes.handle_request(request()))
    assert len(service.made) == 2


def test_a_waiting_thread_gets_the_connection_that_comes_free() -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    held = lanes.handle_request(request())
    got: list[bytes] = []
    waiting = threading.Thread(target=lambda: got.append(read(lanes.handle_request(request(pool=30)))))
    waiting.start()
    read(held)
    waiting.join(30)
    assert got == [b"onetwo"]


@pytest.mark.parametrize("failure", [httpx.ReadError("reset"), RuntimeError("odd")], ids=repr)
def test_a_connection_that_failed_is_closed_and_never_used_again(failure: Exception) -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    service.next = failure
    with pytest.raises(type(failure)):
        lanes.handle_request(request())
    service.next = Body(failure)
    with pytest.raises(type(failure)):
        read(lanes.handle_request(request()))
    service.next = Body()
    assert read(lanes.handle_request(request())) == b"onetwo"
    assert [connection.closed for connection in service.made] == [True, True, False]


def test_an_answer_that_is_not_read_to_its_end_closes_its_connection() -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    response = lanes.handle_request(request())
    response.close()
    response.close()
    assert service.made[0].closed
    assert read(lanes.handle_request(request())) == b"onetwo"


def test_idle_connections_are_bounded_and_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(_lanes.time, "monotonic", lambda: now)
    service = Service()
    lanes = sync_lanes(service, size=5, keep=3, expiry=30.0)
    for held in [lanes.handle_request(request()) for _ in range(5)]:
        read(held)
    assert sum(connection.closed for connection in service.made) == 2
    now += 31
    read(lanes.handle_request(request()))
    assert sum(connection.closed for connection in service.made) == 4
    lanes.close()
    assert all(connection.closed for connection in service.made)


async def aread(response: httpx.Response) -> bytes:
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    try:
        return b"".join([chunk async for chunk in stream])
    finally:
        await stream.aclose()


def test_tasks_get_connections_in_turn() -> None:
    async def main() -> tuple[list[int], int]:
        service = Service()
        lanes = AsyncLanes(service.connect, size=2, keep=2, expiry=60.0)
        served: list[int] = []

        async def one(number: int) -> None:
            await aread(await lanes.handle_async_request(request(pool=None)))
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
        held = await lanes.handle_async_request(request())
        with pytest.raises(httpx.PoolTimeout):
            await lanes.handle_async_request(request())
        await aread(held)
        await aread(await lanes.handle_async_request(request()))

    asyncio.run(main())


def test_a_cancelled_request_gives_its_place_back_and_closes_its_connection() -> None:
    async def main() -> None:
        service = Service()
        lanes = AsyncLanes(service.connect, size=1, keep=1, expiry=60.0)
        for _ in range(10):
            service.gate.clear()
            task = asyncio.create_task(lanes.handle_async_request(request()))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        service.gate.set()
        assert await aread(await lanes.handle_async_request(request())) == b"onetwo"
        assert [connection.closed for connection in service.made] == [True] * 10 + [False]

    asyncio.run(main())


def test_a_failed_async_connection_is_closed() -> None:
    async def main() -> None:
        service = Service()
        lanes = AsyncLanes(service.connect, size=1, keep=1, expiry=60.0)
        service.next = Body(httpx.ReadError("reset"))
        with pytest.raises(httpx.ReadError):
            await aread(await lanes.handle_async_request(request()))
        service.next = Body()
        await aread(await lanes.handle_async_request(request()))
        assert [connection.closed for connection in service.made] == [True, False]

    asyncio.run(main())


def test_a_connection_that_cannot_be_made_takes_no_place() -> None:
    service = Service()
    lanes = sync_lanes(service, size=1)
    read(lanes.handle_request(request()))
    lanes.close()
    make, lanes._make = lanes._make, lambda: 1 / 0  # type: ignore[assignment] # a transport that fails to be made
    with pytest.raises(ZeroDivisionError):
        lanes.handle_request(request())
    lanes._make = make
    assert read(lanes.handle_request(request())) == b"onetwo"


def test_an_async_connection_that_cannot_be_made_takes_no_place() -> None:
    async def main() -> None:
        service = Service()
        lanes = AsyncLanes(service.connect, size=1, keep=1, expiry=60.0)
        await lanes.aclose()
        make, lanes._make = lanes._make, lambda: 1 / 0  # type: ignore[assignment] # a transport that fails to be made
        with pytest.raises(ZeroDivisionError):
            await lanes.handle_async_request(request())
        lanes._make = make
        assert await aread(await lanes.handle_async_request(request())) == b"onetwo"

    asyncio.run(main())


def test_a_request_that_found_no_connection_never_left() -> None:
    lanes = sync_lanes(Service(), size=1)
    lanes.handle_request(request())
    with pytest.raises(httpx.PoolTimeout) as caught:
        lanes.handle_request(request())
    assert _never_left(caught.value)

    async def main() -> None:
        lanes = AsyncLanes(Service().connect, size=1, keep=1, expiry=60.0)
        await lanes.handle_async_request(request())
        with pytest.raises(httpx.PoolTimeout) as caught:
            await lanes.handle_async_request(request())
        assert _never_left(caught.value)

    asyncio.run(main())
