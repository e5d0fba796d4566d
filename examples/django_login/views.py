"""Enter a number, hear the code, enter the code."""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import secrets
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from autocall_otp import AutocallError, Client, InvalidRequestError, Outcome, mask_number
from autocall_otp.verify import SqliteStore, TooManyCallsError, Verdict, Verifier

log = logging.getLogger(__name__)
View = Callable[[HttpRequest, str], HttpResponse]


@functools.cache
def verifier() -> Verifier:
    """One for each process; settings come from AUTOCALL_*. A worker waits for a call 8 s at the most."""
    return Verifier(Client(deadline=8.0), SqliteStore(settings.LOGIN_STORE), settings.SECRET_KEY)


def page(request: HttpRequest, message: str = "", status: int = 200, wait: float | None = None) -> HttpResponse:
    """The form for the number, or for the code where a call was placed."""
    shown = {"message": message, "number": request.session.get("number")}
    response = render(request, "login.html", shown, status=status)
    if wait:
        response["Retry-After"] = str(math.ceil(wait))
    return response


def explain(request: HttpRequest, error: AutocallError) -> HttpResponse:
    """No call was placed, or no code compared: say why, and when to come back."""
    if isinstance(error, InvalidRequestError):
        return page(request, "This is no Vietnamese phone number.", 422)
    if not isinstance(error, TooManyCallsError):
        log.error("login: %s", error)  # it holds no secret
        return page(request, "We cannot do that now. Please try again.", 503, wait=5)
    if error.retry_after is None:
        return page(request, "This number is locked. Please write to us.", 429)
    return page(request, f"Please wait {math.ceil(error.retry_after)} seconds.", 429, wait=error.retry_after)


def known_browser(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """A browser keeps a random name for a year, which no script can read; unlike the session, it outlives a login."""

    @functools.wraps(view)
    @require_http_methods(["GET", "POST"])
    def with_owner(request: HttpRequest) -> HttpResponse:
        owner = request.COOKIES.get("owner") or secrets.token_urlsafe(24)
        try:
            response = view(request, owner)
        except AutocallError as error:
            response = explain(request, error)
        https = settings.SESSION_COOKIE_SECURE
        response.set_cookie("owner", owner, max_age=31_536_000, httponly=True, samesite="Lax", secure=https)
        return response

    return with_owner


@known_browser
def number(request: HttpRequest, owner: str) -> HttpResponse:
    """Begin anew; or call the number, or join the call that is under way."""
    if request.method == "GET":
        request.session.pop("number", None)
        return page(request)
    # Behind a Unix socket a server that is not told the address has none: all are one caller, not none.
    caller = request.META.get("REMOTE_ADDR") or "unknown"
    challenge = verifier().start(request.POST.get("number", ""), owner=owner, caller=caller)
    request.session.update({"number": challenge.phone_number, "doubt": challenge.outcome is Outcome.UNKNOWN})
    return redirect("/login/code")


@known_browser
def code(request: HttpRequest, owner: str) -> HttpResponse:
    """Say how the call goes; or log the number in that the code was read to."""
    session = request.session
    if "number" not in session:
        return redirect("/login")
    if request.method == "GET":
        message = (
            "Your phone may be ringing. If it does, enter the code." if session["doubt"] else "We are calling you."
        )
        with contextlib.suppress(AutocallError):
            record = verifier().record(session["number"], owner=owner)
            if record and record.finished:
                answered = "Enter the code that you heard."
                message = answered if record.answered else "Nobody answered. Ask for another call."
        return page(request, message)
    check = verifier().check(session["number"], request.POST.get("code", ""), owner=owner)
    if check.verified:
        user, _ = get_user_model().objects.get_or_create(username=check.phone_number)
        session.flush()
        login(request, user)
        return redirect("/")
    if check.verdict is Verdict.WRONG:
        return page(request, f"This is not the code. You may try {check.attempts_left} times more.", 403)
    return page(request, "This code is good no more. Ask for another call.", 403)


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """For those who are logged in."""
    return HttpResponse(f"You are logged in as {mask_number(request.user.get_username())}.")
