"""Ask for a call, hear the code, send the code, be logged in."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypedDict

from fastapi import Cookie, FastAPI, HTTPException, Request, Response, status
from pydantic import BaseModel, Field

from autocall_otp import AsyncClient, AutocallError, InvalidRequestError, Outcome
from fastapi_login.challenges import LIFE, Challenges


class State(TypedDict):
    """What lives as long as the app; requests find it in `request.state`."""

    client: AsyncClient
    challenges: Challenges
    sessions: dict[str, str]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[State]:
    """One client for all requests of the event loop; settings come from AUTOCALL_*."""
    async with AsyncClient() as client:
        yield State(client=client, challenges=Challenges(), sessions={})


app = FastAPI(lifespan=lifespan)


class AskForCall(BaseModel):
    """Whom to call."""

    phone_number: Annotated[str, Field(max_length=32)]


class Called(BaseModel):
    """What to send the code with, and what is known of the call: `placed` or `unknown`."""

    login_id: str
    outcome: str
    message: str


class Answer(BaseModel):
    """The code that was read out."""

    login_id: Annotated[str, Field(max_length=36)]
    code: Annotated[str, Field(max_length=16)]


@app.post("/login/call", status_code=status.HTTP_202_ACCEPTED)
async def call(asked: AskForCall, request: Request) -> Called:
    """Call the number."""
    client, challenges = request.state.client, request.state.challenges
    phone_number = domestic(asked.phone_number)
    login_id = secrets.token_urlsafe(24)
    code = challenges.start(phone_number, login_id)
    if code is None:
        wait = {"Retry-After": f"{LIFE:.0f}"}
        raise HTTPException(429, "This number was called a moment ago: use that code, or try again later.", wait)
    try:
        await client.run_otp(phone_number, code, ref_id=str(uuid.uuid4()))
    except AutocallError as error:
        if error.outcome is not Outcome.UNKNOWN:
            challenges.drop(login_id)
            if isinstance(error, InvalidRequestError):
                raise HTTPException(422, "This is no Vietnamese number.") from None
            raise HTTPException(503, "We cannot call now. Please try again.") from None
        # The code stays good, and nobody calls again: a second ring would read out another code.
        return Called(login_id=login_id, outcome="unknown", message="Your phone may be ringing.")
    return Called(login_id=login_id, outcome="placed", message="We are calling you.")


@app.post("/login/code", status_code=status.HTTP_204_NO_CONTENT)
async def enter(answer: Answer, request: Request, response: Response) -> None:
    """Log in with the code."""
    phone_number = request.state.challenges.solve(answer.login_id, answer.code)
    if phone_number is None:
        raise HTTPException(403, "This code is wrong, used or too old.")
    session = secrets.token_urlsafe(32)
    request.state.sessions[session] = phone_number
    response.set_cookie("session", session, httponly=True, secure=True, samesite="lax")


@app.get("/")
async def home(request: Request, session: Annotated[str, Cookie()] = "") -> dict[str, str]:
    """For those who are logged in."""
    if session not in request.state.sessions:
        raise HTTPException(401, "Log in first.")
    return {"message": "You are logged in."}


def domestic(phone_number: str) -> str:
    """One spelling for each number, so that +84 332 665 711 and 0332665711 share one code."""
    bare = re.sub(r"[\s.\-]", "", phone_number)
    return re.sub(r"^\+?84", "0", bare)
