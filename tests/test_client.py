"""Both clients: one signature, one behaviour; what a client holds, and for how long."""

import asyncio
import inspect
import pickle
from typing import get_type_hints

import httpx
import pytest
from support.page import payload
from support.prism import settings

import autocall_otp
from autocall_otp import AsyncClient, AuthenticationError, Cdr, Client, OtpCall, TransportError

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
METHODS = [name for name in vars(Client) if not name.startswith("_") and name != "close"]


def reply(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=ANSWER if request.method == "POST" else RECORD)


def test_the_public_names_are_sorted_and_real() -> None:
    assert autocall_otp.__all__ == sorted(autocall_otp.__all__)
    assert all(hasattr(autocall_otp, name) for name in autocall_otp.__all__)
    public = {
        name for name, value in vars(autocall_otp).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public == set(autocall_otp.__all__) - {"__version__"}


def test_every_public_name_is_described() -> None:
    for name in set(autocall_otp.__all__) - {"__version__"}:
        assert inspect.getdoc(getattr(autocall_otp, name)), name


@pytest.mark.parametrize("method", METHODS)
def test_both_clients_have_one_signature(method: str) -> None:
    ours, theirs = getattr(Client, method), getattr(AsyncClient, method)
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert get_type_hints(ours) == get_type_hints(theirs)
    assert inspect.iscoroutinefunction(theirs)
    assert not inspect.iscoroutinefunction(ours)


def test_both_clients_take_the_same_settings() -> None:
    ours, theirs = (inspect.signature(kind.__init__).parameters for kind in (Client, AsyncClient))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


def test_both_clients_have_the_same_methods() -> None:
    def public(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(Client) - {"close"} == public(AsyncClient) - {"aclose"} == set(METHODS)
    assert {"run_otp", "get_cdr", "wait_for_cdr"} <= set(METHODS)


def test_the_sync_client() -> None:
    with Client(**settings("api.example.vn", transport=httpx.MockTransport(reply))) as client:
        call = client.run_otp("0332665711", "LUAN001")
        assert isinstance(call, OtpCall)
        assert isinstance(client.get_cdr(call.ref_id), Cdr)
        assert client.wait_for_cdr(call.ref_id).answered


def test_the_async_client() -> None:
    async def main() -> None:
        async with AsyncClient(**settings("api.example.vn", transport=httpx.MockTransport(reply))) as client:
            call = await client.run_otp("0332665711", "LUAN001")
            assert isinstance(call, OtpCall)
            assert isinstance(await client.get_cdr(call.ref_id), Cdr)
            assert (await client.wait_for_cdr(call.ref_id)).answered

    asyncio.run(main())


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_hides_its_token(kind: type[Client] | type[AsyncClient]) -> None:
    client = kind("api.example.vn", "s3cret-token")
    assert "s3cret" not in f"{client!r} {client}"
    assert "api.example.vn" in repr(client)
    with pytest.raises(TypeError, match="make one in each process"):
        pickle.dumps(client)


def guarded(request: httpx.Request) -> httpx.Response:
    if request.headers["authorization"] != "Bearer fresh":
        return httpx.Response(401, json={"error": "Unauthorized"})
    return reply(request)


def test_a_stale_token_is_renewed_once() -> None:
    tokens = iter(["stale", "fresh"])
    more = {"token": lambda: next(tokens), "transport": httpx.MockTransport(guarded)}
    with Client(**settings("api.example.vn", **more)) as client:
        assert client.run_otp("0332665711", "LUAN001").call_id == ANSWER["call_id"]
        assert client.get_cdr("r1").answered


def test_a_coroutine_function_gives_the_token() -> None:
    tokens = iter(["stale", "fresh"])

    async def fetch() -> str:
        await asyncio.sleep(0)
        return next(tokens)

    async def main() -> str:
        more = {"token": fetch, "transport": httpx.MockTransport(guarded)}
        async with AsyncClient(**settings("api.example.vn", **more)) as client:
            return (await client.run_otp("0332665711", "LUAN001")).call_id

    assert asyncio.run(main()) == ANSWER["call_id"]


def test_a_fixed_token_is_not_asked_for_again() -> None:
    seen: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(401)

    client = Client(**settings("api.example.vn", transport=httpx.MockTransport(refuse)))
    with pytest.raises(AuthenticationError):
        client.run_otp("0332665711", "LUAN001")
    assert len(seen) == 1


class Closing(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Counts how often it was closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


def test_a_block_closes_the_transport() -> None:
    sync, other = Closing(), Closing()
    with Client(**settings("api.example.vn", transport=sync)):
        assert sync.closed == 0

    async def main() -> None:
        async with AsyncClient(**settings("api.example.vn", transport=other)):
            assert other.closed == 0

    asyncio.run(main())
    assert (sync.closed, other.closed) == (1, 1)


@pytest.mark.parametrize("shell", ["sync", "async"])
def test_an_error_of_a_transport_reaches_the_caller_with_its_outcome(shell: str) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("a bug in a transport")

    given = settings("api.example.vn", transport=httpx.MockTransport(fail))

    def place() -> OtpCall:
        if shell == "sync":
            return Client(**given).run_otp("0332665711", "1")
        return asyncio.run(AsyncClient(**given).run_otp("0332665711", "1"))

    with pytest.raises(TransportError) as caught:
        place()
    assert caught.value.outcome is autocall_otp.Outcome.UNKNOWN
    assert isinstance(caught.value.__cause__, RuntimeError)
