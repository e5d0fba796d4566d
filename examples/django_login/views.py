"""Enter a number, hear the code, enter the code."""

from __future__ import annotations

import functools
import re
import uuid

from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from autocall_otp import AutocallError, Client, InvalidRequestError, Outcome
from django_login.models import Challenge

MAYBE_RINGING = "Your phone may be ringing: if it does, enter the code. If not, try again in three minutes."
RINGING = "We are calling you. Enter the code that is read to you."
CALLED_BEFORE = "This number was called a moment ago. Enter that code, or try again in three minutes."
WRONG_CODE = "This code is wrong, used or too old."


@functools.cache
def client() -> Client:
    """One client for each process, made when it is first needed; settings come from AUTOCALL_*."""
    return Client()


@require_http_methods(["GET", "POST"])
def number(request: HttpRequest) -> HttpResponse:
    """Ask for the number, and call it."""
    if request.method == "GET":
        return render(request, "number.html")
    phone_number = domestic(request.POST.get("phone_number", ""))
    reference = str(uuid.uuid4())
    code = Challenge.start(phone_number, reference)
    if code is None:
        return render(request, "number.html", {"message": CALLED_BEFORE}, status=429)
    message = RINGING
    try:
        client().run_otp(phone_number, code, ref_id=reference)
    except AutocallError as error:
        if error.outcome is Outcome.UNKNOWN:
            # The code stays good, and nobody calls again: a second ring would read out another code.
            message = MAYBE_RINGING
        else:
            Challenge.objects.filter(reference=reference).delete()
            if isinstance(error, InvalidRequestError):
                return render(request, "number.html", {"message": "This is no Vietnamese number."}, status=422)
            return render(request, "number.html", {"message": "We cannot call now. Please try again."}, status=503)
    request.session["reference"] = reference
    request.session["message"] = message
    return redirect("code")


@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and log in."""
    # The browser that asked for the call is the one that may answer it.
    reference = request.session.get("reference")
    if reference is None:
        return redirect("number")
    if request.method == "GET":
        return render(request, "code.html", {"message": request.session["message"]})
    phone_number = Challenge.solve(reference, request.POST.get("code", "").strip())
    if phone_number is None:
        return render(request, "code.html", {"message": WRONG_CODE}, status=403)
    user, _ = get_user_model().objects.get_or_create(username=phone_number)
    login(request, user)
    del request.session["reference"], request.session["message"]
    return redirect("home")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """For those who are logged in."""
    return render(request, "home.html")


def domestic(phone_number: str) -> str:
    """One spelling for each number, so that +84 332 665 711 and 0332665711 share one code."""
    bare = re.sub(r"[\s.\-]", "", phone_number)[:16]
    return re.sub(r"^\+?84", "0", bare)
