"""The token: a text, or a callable that is asked once by however many need it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from support.page import payload
from support.prism import settings

from autocall_otp import AsyncClient, AuthenticationError, Client, ConfigurationError, Outcome, TransportError
from autocall_otp._auth import AsyncTokenSource, TokenSource
from autocall_otp._clock import now

KINDS = pytest.mark.parametrize("kind", [TokenSource, AsyncTokenSource])
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


@KINDS
@pytest.mark.parametrize("how", [lambda token: token, lambda token: lambda: token], ids=["text", "callable"])
@pytest.mark.parametrize(
    "token", ["", " t", "t ", "a\nb", "a\r\nX: y", "tökèn", "a\x00b", 7, b"t", "Bearer s3cret", "bearer  s3cret", None]
)
def test_a_token_that_is_not_fit_for_a_header_is_refused(kind: type[Any], token: Any, how: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match="^token: ") as caught:
        get(kind, how(token))
    assert caught.value.outcome is Outcome.NOT_PLACED
    assert not isinstance(token, str) or len(token) < 3 or token not in str(caught.value)


def test_a_pasted_header_is_recognized() -> None:
    with pytest.raises(ConfigurationError, match="without the word Bearer"):
        Client("api.example.vn", "Bearer s3cret")


@KINDS
def test_a_fixed_token_stays_the_same_and_a_callable_is_asked_for_the_refused_one_only(kind: type[Any]) -> None:
    assert get(kind, "t0ken", "", "t0ken") == ["t0ken", "t0ken"]
    numbers = iter(range(1, 9))
    found = get(kind, lambda: f"token{next(numbers)}", "", "", "another", "token1", "token1", "token2")
    assert found == ["token1", "token1", "token1", "token2", "token2", "token3"]


def test_the_environment_gives_the_token_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json=RECORD)

    monkeypatch.setenv("AUTOCALL_TOKEN", "from-env")
    client = AsyncClient(**settings("api.example.vn", token=None, transport=httpx.MockTransport(reply)))
    asyncio.run(client.get_cdr("R1"))
    monkeypatch.delenv("AUTOCALL_TOKEN")
    asyncio.run(client.get_cdr("R1"))
    assert seen == ["Bearer from-env"] * 2


@KINDS
def test_a_source_does_not_show_its_token(kind: type[Any]) -> None:
    assert "s3cret" not in repr(kind("s3cret"))


@KINDS
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


@KINDS
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


@KINDS
def test_an_interruption_of_a_callable_passes_through(kind: type[Any]) -> None:
    with pytest.raises(KeyboardInterrupt):
        get(kind, raising(KeyboardInterrupt()))


def test_threads_ask_once() -> None:
    asked: list[int] = []
    everyone = threading.Barrier(16)

    def ask() -> str:
        asked.append(1)
        return f"token{len(asked)}"

    source, found = TokenSource(ask), list[str]()

    def use(refused: str) -> None:
        everyone.wait(60)
        found.append(source.get(refused, now() + 60.0))

    for refused, wanted in (("", "token1"), ("token1", "token2")):
        found.clear()
        threads = [threading.Thread(target=use, args=[refused]) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [wanted] * 16


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


def test_who_waits_for_another_s_callable_waits_until_the_deadline() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def ask() -> str:
        asked.set()
        go_on.wait(60)
        return "token"

    source = TokenSource(ask)
    thread = threading.Thread(target=source.get, args=["", now() + 60.0])
    thread.start()
    assert asked.wait(60)
    with pytest.raises(httpx.ConnectTimeout, match="the deadline passed before there was a token"):
        source.get("", now() + 0.01)
    go_on.set()
    thread.join(60)
    assert source.get("", now()) == "token"


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


def test_a_callable_that_uses_its_own_client_fails_at_once() -> None:
    clients: list[Client] = []
    clients.append(Client(**settings("api.example.vn", token=lambda: clients[0].get_cdr("R1").id)))
    with pytest.raises(ConfigurationError, match="give it a client of its own") as caught:
        clients[0].run_otp("0332665711", "LUAN001")
    assert caught.value.outcome is Outcome.NOT_PLACED

    async def main() -> None:
        async def ask() -> str:
            return str((await client.get_cdr("R1")).id)

        client = AsyncClient(**settings("api.example.vn", token=ask))
        with pytest.raises(ConfigurationError, match="give it a client of its own"):
            await client.run_otp("0332665711", "LUAN001")

    asyncio.run(main())


def guarded(request: httpx.Request) -> httpx.Response:
    is_fresh = request.headers["authorization"] == "Bearer fresh"
    return httpx.Response(200, json=RECORD) if is_fresh else httpx.Response(401, json={"error": "Unauthorized"})


def test_a_stale_token_is_renewed_for_the_call_that_met_it() -> None:
    tokens = iter(["stale", "fresh"])
    with Client(
        **settings("api.example.vn", token=lambda: next(tokens), transport=httpx.MockTransport(guarded))
    ) as client:
        assert client.get_cdr("R1").answered
        assert client.get_cdr("R1").answered

    async def main() -> bool:
        tokens = iter(["stale", "fresh"])

        async def ask() -> str:
            await asyncio.sleep(0)
            return next(tokens)

        async with AsyncClient(
            **settings("api.example.vn", token=ask, transport=httpx.MockTransport(guarded))
        ) as client:
            return (await client.get_cdr("R1")).answered

    assert asyncio.run(main())


def test_a_refused_text_is_not_sent_again() -> None:
    seen: list[httpx.Request] = []

    def unauthorized(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(401)

    client = Client(**settings("api.example.vn", transport=httpx.MockTransport(unauthorized)))
    with client, pytest.raises(AuthenticationError, match="doctor"):
        client.run_otp("0332665711", "LUAN001")
    assert len(seen) == 1


def test_a_task_that_a_callable_left_behind_may_renew_the_token() -> None:
    tasks: list[asyncio.Task[Any]] = []
    answers = iter([200, 401, 200])

    async def main() -> None:
        async def later() -> None:
            await asyncio.sleep(0)
            await client.get_cdr("R2")

        async def ask() -> str:
            if not tasks:
                tasks.append(asyncio.ensure_future(later()))
            return f"token-{len(tasks)}-{next(numbers)}"

        numbers = iter(range(9))
        reply = httpx.MockTransport(lambda _: httpx.Response(next(answers), json=payload("get_cdr.answer")))
        async with AsyncClient(**settings("api.example.vn", token=ask, transport=reply)) as client:
            await client.get_cdr("R1")
            await tasks[0]

    asyncio.run(main())


def test_an_error_of_the_callable_s_own_client_asks_it_once() -> None:
    asked: list[None] = []

    def ask() -> str:
        asked.append(None)
        raise AuthenticationError("the key is wrong", status_code=401)

    with Client(**settings("api.example.vn", token=ask)) as client, pytest.raises(AuthenticationError):
        client.run_otp("0332665711", "LUAN001")
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
