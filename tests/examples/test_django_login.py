"""The Django recipe: real requests through its middleware, a SQLite file, and the sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import django
import pytest
from django.core.management import call_command

from autocall_otp.sandbox import Sandbox

NUMBER = "0332665711"
pytestmark = pytest.mark.autocall_sandbox(speed=0)


@pytest.fixture(scope="module", autouse=True)
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "django_login.settings",
        "DJANGO_DB": str(tmp_path_factory.mktemp("django") / "db.sqlite3"),
    }
    django.setup()
    call_command("migrate", verbosity=0)
    yield
    from django.db import connections  # noqa: PLC0415 - Django must be set up first

    connections.close_all()


@pytest.fixture
def browser(settings: dict[str, str]) -> Iterator[Callable[[], Any]]:  # noqa: ARG001 - the environment
    """Makes browsers that are new to the site."""
    from django.test import Client as Browser  # noqa: PLC0415 - Django must be set up first

    from django_login.models import Challenge  # noqa: PLC0415 - the same
    from django_login.views import client  # noqa: PLC0415 - the same

    Challenge.objects.all().delete()
    client.cache_clear()
    yield Browser
    client().close()


def test_the_code_that_was_read_out_logs_in_once(browser: Callable[[], Any], autocall_sandbox: Sandbox) -> None:
    user = browser()
    assert user.get("/").url.startswith("/login/")
    page = user.post("/login/", {"phone_number": "+84 332 665 711"}, follow=True)
    assert b"We are calling you" in page.content
    code = autocall_sandbox.latest(NUMBER).code_otp
    assert user.post("/login/code/", {"code": code}).url == "/"
    assert b"You are logged in" in user.get("/").content
    assert user.post("/login/code/", {"code": code}).url == "/login/"


def test_no_number_is_called_twice_and_no_code_is_stored(browser: Callable[[], Any], autocall_sandbox: Sandbox) -> None:
    barrier = Barrier(4)

    def ask(spelling: str) -> int:
        from django.db import connections  # noqa: PLC0415 - Django must be set up first

        user = browser()
        barrier.wait()
        try:
            return user.post("/login/", {"phone_number": spelling}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(ask, [NUMBER, "+84332665711", "84 332 665 711", "0332.665.711"]))
    assert sorted(statuses) == [302, 429, 429, 429]
    (call,) = autocall_sandbox.calls
    stored = b"".join(file.read_bytes() for file in Path(os.environ["DJANGO_DB"]).parent.iterdir())
    assert call.ref_id.encode() in stored
    assert call.code_otp.encode() not in stored.replace(call.ref_id.encode(), b"")


@pytest.mark.parametrize("number", ["0900000031", "0900000033", "0900000502"])
def test_in_doubt_the_phone_is_not_called_again_and_the_code_is_good(
    number: str, browser: Callable[[], Any], autocall_sandbox: Sandbox
) -> None:
    user = browser()
    page = user.post("/login/", {"phone_number": number}, follow=True)
    assert b"Your phone may be ringing" in page.content
    assert user.post("/login/", {"phone_number": number}).status_code == 429
    (call,) = autocall_sandbox.calls
    assert user.post("/login/code/", {"code": call.code_otp}).url == "/"


@pytest.mark.parametrize(("number", "status"), [("0900000403", 503), ("12", 422), ("+1 202 555 0100", 422)])
def test_a_call_that_was_not_placed_may_be_asked_for_again(
    number: str, status: int, browser: Callable[[], Any]
) -> None:
    user = browser()
    assert [user.post("/login/", {"phone_number": number}).status_code for _ in range(2)] == [status, status]


def test_guesses_are_bounded(browser: Callable[[], Any], autocall_sandbox: Sandbox) -> None:
    user = browser()
    user.post("/login/", {"phone_number": NUMBER})
    code = autocall_sandbox.latest(NUMBER).code_otp
    wrong = "000000" if code != "000000" else "000001"
    assert {user.post("/login/code/", {"code": wrong}).status_code for _ in range(5)} == {403}
    assert user.post("/login/code/", {"code": code}).status_code == 403


def test_a_code_expires_and_makes_way_for_another(browser: Callable[[], Any], autocall_sandbox: Sandbox) -> None:
    from django.utils import timezone  # noqa: PLC0415 - Django must be set up first

    from django_login.models import LIFE, Challenge  # noqa: PLC0415 - the same

    user = browser()
    user.post("/login/", {"phone_number": NUMBER})
    first = autocall_sandbox.latest(NUMBER)
    Challenge.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert user.post("/login/code/", {"code": first.code_otp}).status_code == 403
    assert user.post("/login/", {"phone_number": NUMBER}).status_code == 302
    assert len(autocall_sandbox.calls) == 2
    assert Challenge.objects.get().expires > timezone.now() + LIFE / 2


def test_the_code_of_another_browser_does_not_log_in(browser: Callable[[], Any], autocall_sandbox: Sandbox) -> None:
    browser().post("/login/", {"phone_number": NUMBER})
    stranger = browser()
    assert stranger.post("/login/code/", {"code": autocall_sandbox.latest(NUMBER).code_otp}).url == "/login/"


def test_forms_of_other_sites_are_refused(browser: Callable[[], Any], autocall_sandbox: Sandbox) -> None:
    user = browser(enforce_csrf_checks=True)
    assert user.post("/login/", {"phone_number": NUMBER}).status_code == 403
    assert autocall_sandbox.calls == []
