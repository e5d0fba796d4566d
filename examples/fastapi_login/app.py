"""Enter a number, hear the code, enter the code."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypedDict
from urllib.parse import urlsplit

import redis.asyncio
from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from starlette.middleware.sessions import SessionMiddleware

from autocall_otp import AsyncClient, AutocallError, InvalidRequestError, Outcome, mask_number
from autocall_otp.verify import AsyncRedisStore, AsyncVerifier, SqliteStore, TooManyCallsError, Verdict

log = logging.getLogger(__name__)
HTTPS = os.environ.get("LOGIN_HTTPS") == "1"
templates = Jinja2Templates(Path(__file__).parent / "templates")


class State(TypedDict):
    """What lives as long as the app; requests find it in `request.state`."""

    verifier: AsyncVerifier


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[State]:
    """Settings come from AUTOCALL_*. Without REDIS_URL a file is the store, for the processes of one machine."""
    async with AsyncClient(deadline=8.0) as client:
        if "REDIS_URL" not in os.environ:
            yield State(verifier=AsyncVerifier(client, SqliteStore(os.environ.get("LOGIN_STORE", "login.sqlite3"))))
            return
        async with redis.asyncio.from_url(os.environ["REDIS_URL"], socket_timeout=2) as server:
            yield State(verifier=AsyncVerifier(client, AsyncRedisStore(server)))


app = FastAPI(lifespan=lifespan)
app.add_middleware(SessionMiddleware, os.environ["AUTOCALL_VERIFY_KEY"], https_only=HTTPS)


@app.middleware("http")
async def know_the_browser(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """A browser keeps a random name for a year, which no script can read; forms of other sites are refused."""
    if urlsplit(request.headers.get("Origin", str(request.url))).netloc != request.headers.get("Host"):
        return PlainTextResponse("This form is of another site.", 403)
    owner = request.state.owner = request.cookies.get("owner") or secrets.token_urlsafe(24)
    response = await go_on(request)
    response.set_cookie("owner", owner, max_age=31_536_000, httponly=True, samesite="lax", secure=HTTPS)
    return response


def page(request: Request, message: str = "", status: int = 200, wait: float | None = None) -> Response:
    """The form for the number, or for the code where a call was placed."""
    headers = {"Retry-After": str(math.ceil(wait))} if wait else {}
    shown = {"message": message, "number": request.session.get("number")}
    return templates.TemplateResponse(request, "login.html", shown, status, headers)


@app.exception_handler(AutocallError)
async def explain(request: Request, error: Exception) -> Response:
    """No call was placed, or no code compared: say why, and when to come back."""
    if isinstance(error, InvalidRequestError):
        return page(request, "This is no Vietnamese phone number.", 422)
    if not isinstance(error, TooManyCallsError):
        log.error("login: %s", error)  # it holds no secret
        return page(request, "We cannot do that now. Please try again.", 503, wait=5)
    if error.retry_after is None:
        return page(request, "This number is locked. Please write to us.", 429)
    return page(request, f"Please wait {math.ceil(error.retry_after)} seconds.", 429, wait=error.retry_after)


@app.get("/login")
async def ask_for_number(request: Request) -> Response:
    """Begin anew."""
    request.session.pop("number", None)
    return page(request)


@app.post("/login")
async def call(request: Request, number: Annotated[str, Form()] = "") -> Response:
    """Call the number, or join the call that is under way."""
    # Behind a Unix socket a server that is not told the address has none: all are one caller, not none.
    caller = (request.client and request.client.host) or "unknown"
    challenge = await request.state.verifier.start(number, owner=request.state.owner, caller=caller)
    request.session.update(number=challenge.phone_number, doubt=challenge.outcome is Outcome.UNKNOWN)
    return RedirectResponse("/login/code", 303)


@app.get("/login/code")
async def ask_for_code(request: Request) -> Response:
    """Say how the call goes."""
    if "number" not in (session := request.session):
        return RedirectResponse("/login")
    message = "Your phone may be ringing. If it does, enter the code." if session["doubt"] else "We are calling you."
    with contextlib.suppress(AutocallError):
        record = await request.state.verifier.record(session["number"], owner=request.state.owner)
        if record and record.finished:
            message = "Enter the code that you heard." if record.answered else "Nobody answered. Ask for another call."
    return page(request, message)


@app.post("/login/code")
async def enter(request: Request, code: Annotated[str, Form()] = "") -> Response:
    """Log the number in that the code was read to."""
    if "number" not in request.session:
        return RedirectResponse("/login", 303)
    check = await request.state.verifier.check(request.session["number"], code, owner=request.state.owner)
    if check.verified:
        request.session.clear()
        request.session["user"] = check.phone_number
        return RedirectResponse("/", 303)
    if check.verdict is Verdict.WRONG:
        return page(request, f"This is not the code. You may try {check.attempts_left} times more.", 403)
    return page(request, "This code is good no more. Ask for another call.", 403)


@app.get("/")
async def home(request: Request) -> Response:
    """For those who are logged in."""
    if "user" not in request.session:
        return RedirectResponse("/login")
    return PlainTextResponse(f"You are logged in as {mask_number(request.session['user'])}.")
