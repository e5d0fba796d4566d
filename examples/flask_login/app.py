"""Enter a number, hear the code, enter the code."""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import os
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, make_response, redirect, render_template, request, session
from werkzeug.wrappers import Response as Answer

from autocall_otp import AutocallError, Client, InvalidRequestError, Outcome, mask_number
from autocall_otp.verify import SqliteStore, TooManyCallsError, Verdict, Verifier

log = logging.getLogger(__name__)
app = Flask(__name__)
app.secret_key = os.environ["AUTOCALL_VERIFY_KEY"]
app.config |= {"SESSION_COOKIE_SAMESITE": "Lax", "SESSION_COOKIE_SECURE": os.environ.get("LOGIN_HTTPS") == "1"}


@functools.cache
def verifier() -> Verifier:
    """One for each process; settings come from AUTOCALL_*. A worker waits for a call 8 s at the most."""
    return Verifier(Client(deadline=8.0), SqliteStore(os.environ.get("LOGIN_STORE", "login.sqlite3")))


@app.before_request
def know_the_browser() -> None:
    """A browser keeps a random name for a year; forms of other sites are refused."""
    if urlsplit(request.headers.get("Origin", request.host_url)).netloc != request.host:
        abort(403)
    g.owner = request.cookies.get("owner") or secrets.token_urlsafe(24)


@app.after_request
def name_the_browser(response: Response) -> Response:
    """No script can read the name; it outlives sessions and logins."""
    https = bool(app.config["SESSION_COOKIE_SECURE"])
    if "owner" in g:
        response.set_cookie("owner", g.owner, max_age=31_536_000, httponly=True, samesite="Lax", secure=https)
    return response


def page(message: str = "", status: int = 200, wait: float | None = None) -> Response:
    """The form for the number, or for the code where a call was placed."""
    response = make_response(render_template("login.html", message=message, number=session.get("number")), status)
    response.headers |= {"Retry-After": str(math.ceil(wait))} if wait else {}
    return response


@app.errorhandler(AutocallError)
def explain(error: AutocallError) -> Response:
    """No call was placed, or no code compared: say why, and when to come back."""
    if isinstance(error, InvalidRequestError):
        return page("This is no Vietnamese phone number.", 422)
    if not isinstance(error, TooManyCallsError):
        log.error("login: %s", error)  # it holds no secret
        return page("We cannot do that now. Please try again.", 503, wait=5)
    if error.retry_after is None:
        return page("This number is locked. Please write to us.", 429)
    return page(f"Please wait {math.ceil(error.retry_after)} seconds.", 429, wait=error.retry_after)


@app.get("/login")
def ask_for_number() -> Response:
    """Begin anew."""
    session.pop("number", None)
    return page()


@app.post("/login")
def call() -> Answer:
    """Call the number, or join the call that is under way."""
    # Behind a Unix socket a server that is not told the address has none: all are one caller, not none.
    caller = request.remote_addr or "unknown"
    challenge = verifier().start(request.form.get("number", ""), owner=g.owner, caller=caller)
    session.update(number=challenge.phone_number, doubt=challenge.outcome is Outcome.UNKNOWN)
    return redirect("/login/code")


@app.get("/login/code")
def ask_for_code() -> Answer:
    """Say how the call goes."""
    if "number" not in session:
        return redirect("/login")
    message = "Your phone may be ringing. If it does, enter the code." if session["doubt"] else "We are calling you."
    with contextlib.suppress(AutocallError):
        record = verifier().record(session["number"], owner=g.owner)
        if record and record.finished:
            message = "Enter the code that you heard." if record.answered else "Nobody answered. Ask for another call."
    return page(message)


@app.post("/login/code")
def enter() -> Answer:
    """Log the number in that the code was read to."""
    if "number" not in session:
        return redirect("/login")
    check = verifier().check(session["number"], request.form.get("code", ""), owner=g.owner)
    if check.verified:
        session.clear()
        session["user"] = check.phone_number
        return redirect("/")
    if check.verdict is Verdict.WRONG:
        return page(f"This is not the code. You may try {check.attempts_left} times more.", 403)
    return page("This code is good no more. Ask for another call.", 403)


@app.get("/")
def home() -> Answer | str:
    """For those who are logged in."""
    return f"You are logged in as {mask_number(session['user'])}." if "user" in session else redirect("/login")
