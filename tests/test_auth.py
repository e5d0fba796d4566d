"""The token: a text, or a callable that is asked once by however many need it.

Threads that share a callable, tokens that are refused and deadlines that pass meanwhile are in tests/faults.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from support.clients import KINDS, ask, error_of, place
from support.page import payload
from support.prism import settings

from autocall_otp import AsyncClient, AuthenticationError, Client, ConfigurationError, Outcome, Retry, TransportError
from autocall_otp._auth import AsyncTokenSource, TokenSource
from autocall_otp._clock import now

SOURCES = pytest.mark.parametrize("kind", [TokenSource, AsyncTokenSource])
RECORD = payload("get_cdr.answer")


def get(kind: type[Any], token: Any, *refused: str, seconds: float = 60.0) -> list[str]:
    """The tokens that one source gives, each time that the last one was refused."""
    source = kind(token)

    async def ask() -> list[str]:
        found = [source.get(each, now() + seconds) for each in refused or [""]]
        return [each if isinstance(each, str) else await each for each in found]

    return asyncio.run(ask())


def raising(error: BaseException) -> Callable[[], str]:
    def fail() -> str:
        raise error

    return fail


@SOURCES
@pytest.mark.parametrize("how", [lambda token: token, lambda token: lambda: token], ids=["text", "callable"])
@pytest.mark.parametrize(
    "token",
    ["", " t", "t ", "a\nb", "a\r\nX: y", "tökèn", "a\x00b", 7, "Bearer s3cret", "bearer  token", "bearer", None],
)
def test_a_token_that_is_not_fit_for_a_header_is_refused(kind: type[Any], token: Any, how: Callable[..., Any]) -> None:
    why = "^token: must be the token alone, without the word Bearer$" if "earer" in str(token) else "^token: "
    with pytest.raises(ConfigurationError, match=why) as caught:
        get(kind, how(token))
    assert caught.value.outcome is Outcome.NOT_PLACED
    assert not isinstance(token, str) or len(token) < 3 or token not in str(caught.value)


@SOURCES
def test_a_fixed_token_stays_the_same_and_a_callable_is_asked_for_the_refused_one_only(kind: type[Any]) -> None:
    assert get(kind, "t0ken", "", "t0ken") == ["t0ken", "t0ken"]
    numbers = iter(range(1, 9))
    found = get(kind, lambda: f"token{next(numbers)}", "", "", "another", "token1", "token1", "token2")
    assert found == ["token1", "token1", "token1", "token2", "token2", "token3"]


def test_the_environment_gives_the_token_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        monkeypatch.delenv("AUTOCALL_TOKEN", raising=False)
        return httpx.Response(200, json=RECORD)

    monkeypatch.setenv("AUTOCALL_TOKEN", "from-env")
    client = AsyncClient(**settings("api.example.vn", token=None, transport=httpx.MockTransport(reply)))
    for _ in range(2):
        asyncio.run(client.get_cdr("R1"))
    assert seen == ["Bearer from-env"] * 2


@SOURCES
@pytest.mark.parametrize(
    ("failure", "error", "retryable"),
    [
        (KeyError("s3cret"), ConfigurationError, False), (ValueError("s3cret"), ConfigurationError, False),
        (httpx.ReadTimeout("s3cret"), TransportError, True), (OSError("s3cret"), TransportError, True),
        (TimeoutError("s3cret"), TransportError, True),
    ],
)  # fmt: skip
def test_a_callable_that_fails_is_named_and_its_error_kept(
    kind: type[Any],
    failure: Exception,
    error: type[Exception],
    retryable: bool,  # noqa: FBT001 - a table
) -> None:
    with pytest.raises(error) as caught:
        get(kind, raising(failure))
    assert str(caught.value) == f"token: the callable that should return it raised {type(failure).__name__}"
    assert caught.value.__cause__ is failure
    assert (caught.value.outcome, caught.value.retryable) == (Outcome.NOT_PLACED, retryable)  # type: ignore[attr-defined] # ours


@SOURCES
def test_an_error_of_ours_passes_through_and_leaves_the_phone_alone(kind: type[Any]) -> None:
    """It may come from another client, which the callable asks."""
    cause, own = OSError("down"), TransportError("the token service is down", outcome=Outcome.UNKNOWN)
    own.__cause__ = cause
    with pytest.raises(TransportError) as caught:
        get(kind, raising(own))
    assert caught.value is own
    assert own.outcome is Outcome.NOT_PLACED
    # As its own cause, it would send a reader of causes round in a circle.
    assert own.__cause__ is cause


def test_a_client_for_threads_takes_no_coroutine_function() -> None:
    async def token() -> str:
        raise AssertionError("asked")

    with pytest.raises(ConfigurationError, match="^token: its callable is a coroutine function"):
        Client("api.example.vn", token)  # type: ignore[arg-type] # refused


@SOURCES
def test_an_interruption_of_a_callable_passes_through(kind: type[Any]) -> None:
    with pytest.raises(KeyboardInterrupt):
        get(kind, raising(KeyboardInterrupt()))


def test_a_thread_that_waits_takes_the_token_that_another_gets_or_gives_up_at_the_deadline() -> None:
    source = TokenSource(raising(AssertionError("asked again")))

    class Lock:
        """Another thread's, until its callable is done."""

        def acquire(self, timeout: float) -> bool:
            source._token = "theirs" if timeout > 30.0 else None
            return timeout > 30.0

        def release(self) -> None:
            raise RuntimeError("not this thread's")

    source._lock = Lock()  # type: ignore[assignment] # it stands in for the lock
    with pytest.raises(httpx.ConnectTimeout, match="the deadline passed before there was a token"):
        source.get("", now() + 20.0)
    assert source.get("", now() + 60.0) == "theirs"


def test_tasks_ask_once() -> None:
    asked: list[int] = []

    async def ask() -> str:
        asked.append(1)
        await asyncio.sleep(0)
        return f"token{len(asked)}"

    async def main() -> None:
        source = AsyncTokenSource(ask)
        for refused, wanted in (("", "token1"), ("token1", "token2")):
            assert await asyncio.gather(*(source.get(refused, now() + 60.0) for _ in range(16))) == [wanted] * 16

    asyncio.run(main())


def test_a_cancelled_task_does_not_keep_the_others_from_the_token() -> None:
    async def main() -> None:
        gate = asyncio.Event()

        async def ask() -> str:
            await gate.wait()
            return "token"

        source = AsyncTokenSource(ask)
        first, second = (asyncio.create_task(source.get("", now() + 60.0)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        assert await second == "token"

    asyncio.run(main())


def test_a_callable_that_outlasts_the_deadline_leaves_the_phone_alone() -> None:
    async def forever() -> str:
        await asyncio.Event().wait()
        raise AssertionError("it came back")

    def slow() -> str:
        until = now() + 0.02
        while now() < until:
            pass
        return "token"

    with pytest.raises(httpx.ConnectTimeout):
        get(AsyncTokenSource, forever, seconds=0.01)
    for kind in (TokenSource, AsyncTokenSource):
        with pytest.raises(httpx.ConnectTimeout):
            get(kind, slow, seconds=0.01)


@KINDS
def test_a_callable_that_uses_its_own_client_fails_at_once(kind: type[Any]) -> None:
    clients: list[Any] = []

    def own(client: Any) -> Any:
        clients.append(client)
        return place(client)

    error = error_of(kind, own, token=lambda: clients[0].get_cdr("R1"))
    assert isinstance(error, ConfigurationError)
    assert "give it a client of its own" in str(error)
    assert error.outcome is Outcome.NOT_PLACED


def test_a_task_that_a_callable_left_behind_may_renew_the_token() -> None:
    tasks: list[asyncio.Task[Any]] = []
    answers, numbers = iter([200, 401, 200]), itertools.count()

    async def main(client: AsyncClient) -> None:
        async def later() -> None:
            await asyncio.sleep(0)
            await client.get_cdr("R2")

        work.append(later)
        await client.get_cdr("R1")
        await tasks[0]

    work: list[Callable[[], Any]] = []

    async def token() -> str:
        if not tasks:
            tasks.append(asyncio.ensure_future(work[0]()))
        return f"token-{next(numbers)}"

    ask(AsyncClient, main, token=token, reply=lambda _: httpx.Response(next(answers), json=RECORD))


def test_an_error_of_the_callable_s_own_client_asks_it_once() -> None:
    asked: list[None] = []

    def token() -> str:
        asked.append(None)
        raise AuthenticationError("the key is wrong", status_code=401)

    assert isinstance(error_of(Client, token=token, retry=Retry()), AuthenticationError)
    assert len(asked) == 1


def test_a_signal_as_the_lock_is_taken_leaves_it_free() -> None:
    source = TokenSource(lambda: "token")

    class Interrupted:
        def __init__(self) -> None:
            self.lock = source._lock

        def acquire(self, timeout: float) -> None:
            source._lock = self.lock
            assert self.lock.acquire(timeout=timeout)
            raise KeyboardInterrupt

    source._lock = Interrupted()  # type: ignore[assignment] # it stands in for the lock
    with pytest.raises(KeyboardInterrupt):
        source.get("", now() + 60.0)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(source.get, "", now() + 60.0).result() == "token"
