"""The token: a text, or a callable that is asked once by however many need it.

Threads and tasks that share a callable, tokens that are refused and deadlines that pass meanwhile are in tests/faults.
"""

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

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


def get(kind: type[Any], token: Any, *refused: str) -> list[str]:
    """The tokens that one source gives, each time that the last one was refused."""
    source = kind(token)

    async def ask() -> list[str]:
        found = [source.get(each, now() + 60.0) for each in refused or [""]]
        return [each if isinstance(each, str) else await each for each in found]

    return asyncio.run(ask())


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
    reply = Mock(side_effect=lambda _: httpx.Response(200, json=RECORD))
    monkeypatch.setenv("AUTOCALL_TOKEN", "from-env")
    client = AsyncClient(**settings("api.example.vn", token=None, transport=httpx.MockTransport(reply)))
    monkeypatch.delenv("AUTOCALL_TOKEN")
    for _ in range(2):
        asyncio.run(client.get_cdr("R1"))
    assert [sent.args[0].headers["Authorization"] for sent in reply.call_args_list] == ["Bearer from-env"] * 2


@SOURCES
@pytest.mark.parametrize("failure", [KeyError, ValueError, httpx.ReadTimeout, OSError, TimeoutError])
def test_a_callable_that_fails_is_named_and_its_error_kept(kind: type[Any], failure: type[Exception]) -> None:
    cause, is_of_network = failure("s3cret"), failure not in {KeyError, ValueError}
    with pytest.raises(TransportError if is_of_network else ConfigurationError) as caught:
        get(kind, Mock(side_effect=cause))
    assert str(caught.value) == f"token: the callable that should return it raised {failure.__name__}"
    assert caught.value.__cause__ is cause
    assert (caught.value.outcome, caught.value.retryable) == (Outcome.NOT_PLACED, is_of_network)


@SOURCES
def test_an_error_of_ours_passes_through_and_leaves_the_phone_alone(kind: type[Any]) -> None:
    """It may come from another client, which the callable asks."""
    cause, own = OSError("down"), TransportError("the token service is down", outcome=Outcome.UNKNOWN)
    own.__cause__ = cause
    with pytest.raises(TransportError) as caught:
        get(kind, Mock(side_effect=own))
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
        get(kind, Mock(side_effect=KeyboardInterrupt))


def test_a_thread_takes_the_token_that_another_got_while_it_waited() -> None:
    source = TokenSource(Mock(side_effect=AssertionError("asked again")))
    source._lock = Mock(acquire=lambda timeout: setattr(source, "_token", "theirs") or timeout)
    assert source.get("", now() + 60.0) == "theirs"


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


@KINDS
def test_a_callable_that_uses_its_own_client_fails_at_once(kind: type[Any]) -> None:
    clients: list[Any] = []
    error = error_of(kind, lambda one: clients.append(one) or place(one), token=lambda: clients[0].get_cdr("R1"))
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
    token = Mock(side_effect=AuthenticationError("the key is wrong", status_code=401))
    assert isinstance(error_of(Client, token=token, retry=Retry()), AuthenticationError)
    token.assert_called_once_with()


def test_a_signal_as_the_lock_is_taken_leaves_it_free() -> None:
    source = TokenSource(lambda: "token")
    lock = source._lock

    def acquire(timeout: float) -> None:
        source._lock = lock
        assert lock.acquire(timeout=timeout)
        raise KeyboardInterrupt

    source._lock = Mock(acquire=acquire)
    with pytest.raises(KeyboardInterrupt):
        source.get("", now() + 60.0)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(source.get, "", now() + 60.0).result() == "token"
