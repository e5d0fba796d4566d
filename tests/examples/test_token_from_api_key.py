"""The token recipe against the sandbox and a small stand-in for the token endpoint."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from support.serving import serving

from autocall_otp import AsyncClient, AutocallError, Client, ConfigurationError, Outcome, Retry
from autocall_otp.sandbox import Sandbox
from token_from_api_key.tokens import MARGIN, AsyncTokens, Tokens

API_KEY, LIFE = "key-canary-7d1f", 86_400
NUMBER, CODE = "0332665711", "LUAN001"
pytestmark = pytest.mark.autocall_sandbox(speed=0)


class TokenService:
    """Hands out what it is told to, and counts."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = [*tokens]
        self.statuses: list[int] = []
        self.asked = 0
        self.url = ""
        self.app = Starlette(routes=[Route("/v3/auth/token", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> JSONResponse:
        self.asked += 1
        if self.statuses:
            return JSONResponse({"error": "try later"}, self.statuses.pop(0))
        if await request.json() != {"api_key": API_KEY}:
            return JSONResponse({"error": "wrong key"}, 401)
        # The last one is given again and again.
        token = self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]
        return JSONResponse({"token": token, "expired_in": LIFE})


@pytest.fixture
def service(autocall_sandbox: Sandbox) -> Iterator[TokenService]:
    service = TokenService(autocall_sandbox.token)
    with serving(service.app) as service.url:
        yield service


@pytest.fixture(params=[[], ["revoked"]], ids=["good", "refused"])
def asked(request: pytest.FixtureRequest, service: TokenService) -> int:
    """The first token is good or not; gives how often tokens must be asked for."""
    service.tokens[:0] = request.param
    return len(service.tokens)


def test_clients_and_threads_share_one_token_and_renew_a_refused_one_once(
    service: TokenService, autocall_sandbox: Sandbox, asked: int
) -> None:
    tokens = Tokens(service.url, API_KEY)
    with Client(token=tokens.for_client()) as one, Client(token=tokens.for_client()) as other:
        one.run_otp(NUMBER, CODE)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: (one, other)[n % 2].run_otp(NUMBER, CODE), range(7)))
    assert [call.rings for call in autocall_sandbox.calls] == [1] * 8
    assert service.asked == asked


def test_so_do_clients_and_tasks(service: TokenService, autocall_sandbox: Sandbox, asked: int) -> None:
    async def ring() -> None:
        tokens = AsyncTokens(service.url, API_KEY)
        async with AsyncClient(token=tokens.for_client()) as one, AsyncClient(token=tokens.for_client()) as other:
            await one.run_otp(NUMBER, CODE)
            await asyncio.gather(*((one, other)[n % 2].run_otp(NUMBER, CODE) for n in range(7)))

    asyncio.run(ring())
    assert [call.rings for call in autocall_sandbox.calls] == [1] * 8
    assert service.asked == asked


def test_a_token_is_not_handed_out_shortly_before_its_end(service: TokenService) -> None:
    now = 0.0
    service.tokens = ["first", "second"]
    tokens = Tokens(service.url, API_KEY, clock=lambda: now)
    assert tokens.get() == "first"
    now = LIFE - MARGIN - 1
    assert tokens.get() == "first"
    now = LIFE - MARGIN
    assert tokens.get() == "second"


def test_a_token_service_that_fails_for_a_moment_is_asked_again(
    service: TokenService, autocall_sandbox: Sandbox
) -> None:
    service.statuses = [503]
    with Client(token=Tokens(service.url, API_KEY).for_client(), retry=Retry(base=0)) as client:
        client.run_otp(NUMBER, CODE)
    assert (service.asked, len(autocall_sandbox.calls)) == (2, 1)


@pytest.mark.parametrize("failure", ["wrong key", "out of reach"])
def test_without_a_token_nothing_rings_and_the_key_stays_secret(
    failure: str, service: TokenService, autocall_sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    key = "wrong-canary-55"
    tokens = Tokens(service.url if failure == "wrong key" else "http://127.0.0.1:1", key)
    with Client(token=tokens.for_client(), retry=Retry.none()) as client, pytest.raises(AutocallError) as caught:
        client.run_otp(NUMBER, CODE)
    assert isinstance(caught.value, ConfigurationError) is (failure == "wrong key")
    assert (caught.value.outcome, autocall_sandbox.calls) == (Outcome.NOT_PLACED, [])
    shown = f"{caught.getrepr(style='long')}{caplog.text}{tokens!r}"
    assert key not in shown.replace('key = "wrong-canary-55"', "")
