"""The FastAPI recipe: requests through its lifespan and its routes, and the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from autocall_otp.sandbox import Sandbox
from fastapi_login.app import app
from fastapi_login.challenges import LIFE, MAX_ATTEMPTS, Challenges

NUMBER = "0332665711"
pytestmark = [pytest.mark.anyio, pytest.mark.autocall_sandbox(speed=0), pytest.mark.usefixtures("settings")]


@asynccontextmanager
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """The app with its lifespan, as a server runs it, and somebody who asks it."""
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: dict, receive: Callable, send: Callable) -> None:
            await app(scope | {"state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(with_state)
        async with httpx.AsyncClient(transport=transport, base_url="https://testserver") as client:
            yield client


async def ask(user: httpx.AsyncClient, number: str = NUMBER) -> httpx.Response:
    return await user.post("/login/call", json={"phone_number": number})


async def enter(user: httpx.AsyncClient, asked: httpx.Response, code: str) -> int:
    answer = await user.post("/login/code", json={"login_id": asked.json()["login_id"], "code": code})
    return answer.status_code


async def test_the_code_that_was_read_out_logs_in_once(autocall_sandbox: Sandbox) -> None:
    async with browser() as user:
        assert (await user.get("/")).status_code == 401
        asked = await ask(user, "+84 332 665 711")
        assert (asked.status_code, asked.json()["outcome"]) == (202, "placed")
        code = autocall_sandbox.latest(NUMBER).code_otp
        assert [await enter(user, asked, code) for _ in range(2)] == [204, 403]
        assert (await user.get("/")).status_code == 200


async def test_no_number_is_called_twice(autocall_sandbox: Sandbox) -> None:
    async with browser() as user:
        spellings = [NUMBER, "+84332665711", "84 332 665 711", "0332.665.711"]
        answers = await asyncio.gather(*(ask(user, spelling) for spelling in spellings))
    assert sorted(answer.status_code for answer in answers) == [202, 429, 429, 429]
    assert len(autocall_sandbox.calls) == 1


@pytest.mark.parametrize("number", ["0900000031", "0900000033", "0900000502"])
async def test_in_doubt_the_phone_is_not_called_again_and_the_code_is_good(
    number: str, autocall_sandbox: Sandbox
) -> None:
    async with browser() as user:
        asked = await ask(user, number)
        assert asked.json()["outcome"] == "unknown"
        assert (await ask(user, number)).status_code == 429
        (call,) = autocall_sandbox.calls
        assert await enter(user, asked, call.code_otp) == 204


@pytest.mark.parametrize(("number", "status"), [("0900000403", 503), ("12", 422), ("+1 202 555 0100", 422)])
async def test_a_call_that_was_not_placed_may_be_asked_for_again(number: str, status: int) -> None:
    async with browser() as user:
        assert [(await ask(user, number)).status_code for _ in range(2)] == [status, status]


def test_guesses_are_bounded() -> None:
    challenges = Challenges()
    code = challenges.start(NUMBER, "ref")
    assert all(challenges.solve("ref", "wrong") is None for _ in range(MAX_ATTEMPTS))
    assert challenges.solve("ref", code) is None


def test_a_code_expires_and_makes_way_for_another() -> None:
    now = 0.0
    challenges = Challenges(clock=lambda: now)
    code = challenges.start(NUMBER, "ref")
    assert challenges.start(NUMBER, "other") is None
    now = LIFE
    assert challenges.solve("ref", code) is None
    assert challenges.start(NUMBER, "other")


def test_no_code_is_stored() -> None:
    challenges = Challenges()
    code = challenges.start(NUMBER, "ref")
    assert code not in repr(challenges._living)
