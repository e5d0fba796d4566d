import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from autocall_otp import ConfigurationError, Outcome, TransportError
from autocall_otp._token import AsyncTokenSource, TokenSource


def get(kind: str, token: Any, refused: str = "") -> str:
    if kind == "sync":
        return TokenSource(token).get(refused)

    async def run() -> str:
        return await AsyncTokenSource(token).get(refused)

    return asyncio.run(run())


KINDS = pytest.mark.parametrize("kind", ["sync", "async"])


@KINDS
@pytest.mark.parametrize("token", ["", " t", "t ", "a\nb", "a\r\nX: y", "tökèn", "a\x00b", 7, b"t"], ids=repr)
@pytest.mark.parametrize("how", [lambda token: token, lambda token: lambda: token], ids=["text", "callable"])
def test_a_token_that_is_not_fit_for_a_header_is_refused(kind: str, token: object, how: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match="^token: ") as caught:
        get(kind, how(token))
    assert caught.value.outcome is Outcome.NOT_PLACED
    assert not isinstance(token, str) or len(token) < 3 or token not in str(caught.value)


@KINDS
def test_a_callable_that_fails_is_named_and_its_error_kept(kind: str) -> None:
    def fail() -> str:
        raise KeyError("s3cret")

    with pytest.raises(ConfigurationError, match="raised KeyError") as caught:
        get(kind, fail)
    assert isinstance(caught.value.__cause__, KeyError)
    assert "s3cret" not in str(caught.value)


@KINDS
def test_an_error_of_ours_passes_through_and_leaves_the_phone_alone(kind: str) -> None:
    own = TransportError("the token service is down")

    def fail() -> str:
        raise own

    with pytest.raises(TransportError) as caught:
        get(kind, fail)
    assert caught.value is own
    assert own.outcome is Outcome.NOT_PLACED


@KINDS
@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), OSError("no route")], ids=repr
)
def test_a_network_that_fails_the_callable_may_do_better_next_time(kind: str, failure: Exception) -> None:
    def fail() -> str:
        raise failure

    with pytest.raises(TransportError, match="^token: ") as caught:
        get(kind, fail)
    assert (caught.value.outcome, caught.value.retryable) == (Outcome.NOT_PLACED, True)
    assert caught.value.__cause__ is failure


@KINDS
def test_the_environment_gives_the_token(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "from-env")
    assert get(kind, None) == "from-env"


@KINDS
def test_a_repr_does_not_show_it(kind: str) -> None:
    source = TokenSource("s3cret") if kind == "sync" else AsyncTokenSource("s3cret")
    assert "s3cret" not in repr(source)


def test_threads_ask_once() -> None:
    asked: list[int] = []
    everyone = threading.Barrier(16)

    def ask() -> str:
        asked.append(1)
        return f"token{len(asked)}"

    source = TokenSource(ask)
    got: list[str] = []

    def use(refused: str) -> None:
        everyone.wait(30)
        got.append(source.get(refused))

    for refused, wanted in (("", "token1"), ("token1", "token2")):
        got.clear()
        threads = [threading.Thread(target=use, args=[refused]) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert got == [wanted] * 16
    assert len(asked) == 2


def test_tasks_ask_once() -> None:
    asked: list[int] = []

    async def ask() -> str:
        asked.append(1)
        await asyncio.sleep(0)
        return f"token{len(asked)}"

    async def main() -> None:
        source = AsyncTokenSource(ask)
        assert await asyncio.gather(*(source.get() for _ in range(16))) == ["token1"] * 16
        assert await asyncio.gather(*(source.get("token1") for _ in range(16))) == ["token2"] * 16

    asyncio.run(main())
    assert len(asked) == 2


def test_a_cancelled_task_does_not_keep_the_others_from_the_token() -> None:
    async def main() -> None:
        gate = asyncio.Event()

        async def ask() -> str:
            await gate.wait()
            return "token"

        source = AsyncTokenSource(ask)
        first = asyncio.create_task(source.get())
        second = asyncio.create_task(source.get())
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        assert await second == "token"

    asyncio.run(main())


@KINDS
def test_a_fixed_token_is_the_same_when_it_was_refused(kind: str) -> None:
    assert (get(kind, "t0ken"), get(kind, "t0ken", "t0ken")) == ("t0ken", "t0ken")


@KINDS
def test_a_callable_is_asked_again_only_for_the_token_that_was_refused(kind: str) -> None:
    asked: list[str] = []

    def ask() -> str:
        asked.append("x")
        return f"token{len(asked)}"

    async def run() -> list[str]:
        source = TokenSource(ask) if kind == "sync" else AsyncTokenSource(ask)
        got = []
        for refused in ("", "", "another", "token1", "token1", "token2"):
            token = source.get(refused)
            got.append(token if isinstance(token, str) else await token)
        return got

    assert asyncio.run(run()) == ["token1", "token1", "token1", "token2", "token2", "token3"]


@KINDS
def test_a_source_names_its_kind_alone(kind: str) -> None:
    source = TokenSource("s3cret") if kind == "sync" else AsyncTokenSource("s3cret")
    assert repr(source) == ("<TokenSource>" if kind == "sync" else "<AsyncTokenSource>")


@KINDS
def test_what_went_wrong_with_a_callable_is_said_in_whole(kind: str) -> None:
    def fail() -> str:
        raise OSError("s3cret")

    with pytest.raises(TransportError) as caught:
        get(kind, fail)
    assert str(caught.value) == "token: the callable that should return it raised OSError"

    def odd() -> str:
        raise ValueError("s3cret")

    with pytest.raises(ConfigurationError) as wrong:
        get(kind, odd)
    assert str(wrong.value) == "token: the callable that should return it raised ValueError"
    assert (wrong.value.outcome, wrong.value.retryable) == (Outcome.NOT_PLACED, False)
