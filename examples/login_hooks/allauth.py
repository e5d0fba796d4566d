"""For django-allauth: ACCOUNT_ADAPTER = "login_hooks.allauth.VoiceAdapter".

A voice reads digits best: ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT and ACCOUNT_LOGIN_BY_CODE_FORMAT are
{"numeric": True, "length": 6, "dashed": False}. Where a number is kept (`set_phone`, `get_phone`, `set_phone_verified`,
`get_user_by_phone`) is for your own subclass to say.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.core.exceptions import ValidationError
from django.http import HttpResponse

from autocall_otp import AutocallError, InvalidRequestError, normalize_number
from login_hooks.delivery import read_code


class VoiceAdapter(DefaultAccountAdapter):
    """It makes a new code for each call, and the one before is void: so a second call within a minute is an error."""

    def clean_phone(self, phone: str) -> str:
        """One spelling for each number, in E.164 form."""
        try:
            return f"+84{normalize_number(phone)[1:]}"
        except InvalidRequestError:
            raise ValidationError("This is no Vietnamese phone number.") from None

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:  # noqa: ANN401, ARG002 - its signature
        """Read the code to the phone; in doubt whether it rings, go on to the page for the code."""
        try:
            rang = read_code(phone, code)
        except AutocallError:
            raise stop("We cannot call now. Please try again.", 503, 5) from None
        if not rang:
            raise stop("We called you a moment ago. Please wait a minute before another call.", 429, 60)


def stop(message: str, status: int, wait: int) -> ImmediateHttpResponse:
    """What allauth's AccountMiddleware answers with in the place of its next page."""
    return ImmediateHttpResponse(HttpResponse(message, status=status, headers={"Retry-After": str(wait)}))
