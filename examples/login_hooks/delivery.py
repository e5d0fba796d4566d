"""Reads a code that somebody else made to a phone, at most once a minute."""

from __future__ import annotations

import functools
import os

from django.utils.crypto import salted_hmac

from autocall_otp import AutocallError, Client, Outcome, normalize_number
from autocall_otp.verify import SqliteStore

MINUTE = 60.0


@functools.cache
def client() -> Client:
    """One for each process; settings come from AUTOCALL_*. A worker waits for a call 8 s at the most."""
    return Client(deadline=8.0)


@functools.cache
def store() -> SqliteStore:
    """Which numbers were called in the last minute; in Redis where there are several machines."""
    return SqliteStore(os.environ.get("LOGIN_STORE", "login.sqlite3"))


def read_code(phone_number: str, code: str) -> bool:
    """Call the number; False where it was called less than a minute ago, and the code of that call is still good.

    Raises:
        AutocallError: the phone does not ring; its number may be called again at once.
    """
    number = normalize_number(phone_number)
    key = f"calls:{salted_hmac('login_hooks', number, algorithm='sha256').hexdigest()}"
    if not store().swap(key, None, "called", MINUTE):
        return False
    try:
        client().run_otp(number, code)
    except AutocallError as error:
        # In doubt the phone may be ringing: to those who wait for it that is no failure.
        if error.outcome is Outcome.NOT_PLACED:
            store().swap(key, "called", None, MINUTE)
            raise
    return True
