"""The hooks of login_hooks, called by django-two-factor-auth and django-allauth as those call them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django
import pytest
from django.conf import settings as django_settings

from autocall_otp import AutocallError
from autocall_otp.sandbox import Sandbox

NUMBER, IN_DOUBT, REFUSED = "0332665711", "0900000031", "0900000403"
pytestmark = pytest.mark.autocall_sandbox(speed=0)


@pytest.fixture(scope="module", autouse=True)
def project() -> None:
    apps = ["auth", "contenttypes", "sessions", "messages"]
    django_settings.configure(
        SECRET_KEY="k" * 50,
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in apps), "allauth", "allauth.account"],
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        TWO_FACTOR_CALL_GATEWAY="login_hooks.two_factor.VoiceGateway",
        ACCOUNT_ADAPTER="login_hooks.allauth.VoiceAdapter",
    )
    django.setup()


@pytest.fixture(params=["two_factor", "allauth"])
def read(
    request: pytest.FixtureRequest, autocall_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], None]]:
    """Reads a code to a number as the library does."""
    from allauth.account.adapter import get_adapter  # noqa: PLC0415 - Django must be set up first
    from two_factor.gateways import make_call  # noqa: PLC0415 - the same

    from login_hooks import delivery  # noqa: PLC0415 - the same

    assert autocall_sandbox.calls == []
    monkeypatch.setenv("LOGIN_STORE", str(tmp_path / "store"))

    def by_two_factor(number: str, code: str) -> None:
        make_call(device=SimpleNamespace(number=SimpleNamespace(as_e164=f"+84{number[1:]}")), token=code)

    def by_allauth(number: str, code: str) -> None:
        adapter: Any = get_adapter()
        adapter.send_verification_code_sms(user=None, phone=adapter.clean_phone(number), code=code)

    yield by_two_factor if request.param == "two_factor" else by_allauth
    delivery.client().close()
    delivery.store().close()
    delivery.client.cache_clear()
    delivery.store.cache_clear()


def test_the_code_is_read(read: Callable[[str, str], None], autocall_sandbox: Sandbox) -> None:
    read(NUMBER, "123456")
    assert [(call.phone_number, call.code_otp) for call in autocall_sandbox.calls] == [(NUMBER, "123456")]


def test_in_doubt_it_is_no_error_and_nobody_calls_again(
    read: Callable[[str, str], None], autocall_sandbox: Sandbox
) -> None:
    from allauth.core.exceptions import ImmediateHttpResponse  # noqa: PLC0415 - Django must be set up first

    read(IN_DOUBT, "123456")
    # allauth has made another code by then, and must say so; two-factor-auth takes the first one still.
    by_allauth = read.__name__ == "by_allauth"
    with pytest.raises(ImmediateHttpResponse) if by_allauth else contextlib.nullcontext():
        read(IN_DOUBT, "654321")
    assert [(call.code_otp, call.rings) for call in autocall_sandbox.calls] == [("123456", 1)]


def test_a_call_that_was_not_placed_is_an_error_each_time(
    read: Callable[[str, str], None], autocall_sandbox: Sandbox
) -> None:
    from allauth.core.exceptions import ImmediateHttpResponse  # noqa: PLC0415 - Django must be set up first

    for _ in range(2):
        with pytest.raises((AutocallError, ImmediateHttpResponse)) as caught:
            read(REFUSED, "123456")
        if isinstance(caught.value, ImmediateHttpResponse):
            assert caught.value.response.status_code == 503
    assert autocall_sandbox.calls == []
