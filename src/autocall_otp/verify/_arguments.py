"""What users of a login pass in, checked before anything is read or sent. No message repeats a value."""

from __future__ import annotations

import inspect
import ipaddress
import os
import unicodedata
import warnings
from typing import NoReturn
from urllib.parse import urlsplit

from autocall_otp import ConfigurationError, InvalidRequestError, Outcome, normalize_number
from autocall_otp.verify._limits import Limits
from autocall_otp.verify._stores import MemoryStore

KEY_BYTES = 32
_LONGEST_CODE = 64
_NOTHING = {"", "none", "null", "undefined"}


def owner(value: str) -> str:
    """The owner, unless everybody would share it or anybody could guess it."""
    if not isinstance(value, str) or value.strip().lower() in _NOTHING:
        _refuse("owner", "must be a random text that only this browser or app holds")
    if _is_address(value.strip()) or _is_number(value):
        _refuse("owner", "must be a random text of at least 128 bits, not an address or a phone number")
    return value


def caller(value: str) -> str:
    """The caller; of an IPv6 address its /64, since one machine has as many addresses as it likes."""
    if not isinstance(value, str) or value.strip().lower() in _NOTHING:
        _refuse("caller", "must be an address or an account, or be left out")
    try:
        address = ipaddress.ip_address(value.strip())
    except ValueError:
        return value.strip()
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return f"{int(address) >> 64:x}::/64"
        address = address.ipv4_mapped
    return str(address)


def code(value: str, digits: int) -> str | None:
    """The digits that were typed, without white space and dashes; None where it cannot be a code."""
    if not isinstance(value, str):
        _refuse("code", "must be text, since a number would lose its leading zeros")
    if len(value) > _LONGEST_CODE:
        return None
    letters = unicodedata.normalize("NFKC", value)
    typed = "".join(
        letter for letter in letters if not letter.isspace() and unicodedata.category(letter) not in {"Pd", "Cf"}
    )
    return typed if len(typed) == digits and typed.isascii() and typed.isdigit() else None


def key(value: bytes | str | None) -> bytes:
    """The key, long enough."""
    if value is None:
        value = os.environ.get("AUTOCALL_VERIFY_KEY", "")
    given = value.encode() if isinstance(value, str) else value
    if not isinstance(given, bytes) or len(given) < KEY_BYTES:
        message = f"key: must have {KEY_BYTES} bytes or more; give it here or in AUTOCALL_VERIFY_KEY"
        raise ConfigurationError(message, outcome=Outcome.NOT_PLACED)
    return given


def purpose(value: str) -> str:
    """The purpose, unchanged."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError("purpose: must be a non-empty text", outcome=Outcome.NOT_PLACED)
    return value


def parts(client: object, store: object, limits: object, *, asynchronous: bool) -> None:
    """Refuse a client, a store and limits that do not fit together."""
    wanted = "an AsyncClient" if asynchronous else "a Client"
    for name in ("run_otp", "get_cdr"):
        if not callable(method := getattr(client, name, None)) or inspect.iscoroutinefunction(method) != asynchronous:
            raise ConfigurationError(f"client: must be {wanted}", outcome=Outcome.NOT_PLACED)
    for name in ("get", "swap"):
        if not callable(method := getattr(store, name, None)):
            raise ConfigurationError("store: must have the methods get and swap", outcome=Outcome.NOT_PLACED)
        if inspect.iscoroutinefunction(method) and not asynchronous:
            raise ConfigurationError("store: is for an AsyncVerifier", outcome=Outcome.NOT_PLACED)
    if not isinstance(limits, Limits):
        raise ConfigurationError("limits: must be Limits", outcome=Outcome.NOT_PLACED)
    deadline = getattr(client, "deadline", None)
    if deadline is not None and deadline >= limits.ring_again_after:
        message = f"client: its deadline of {deadline:g} s must be shorter than ring_again_after"
        raise ConfigurationError(message, outcome=Outcome.NOT_PLACED)
    host = getattr(client, "host", None)
    if isinstance(store, MemoryStore) and isinstance(host, str) and not _is_loopback(host):
        message = "a MemoryStore forgets failures and calls at each restart, and shares them with no other process"
        warnings.warn(message, stacklevel=3)


def _refuse(argument: str, why: str) -> NoReturn:
    raise InvalidRequestError(f"{argument}: {why}", outcome=Outcome.NOT_PLACED)


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_number(value: str) -> bool:
    try:
        normalize_number(value, allow_international=True)
    except InvalidRequestError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    name = urlsplit(host if "//" in host else f"//{host}").hostname or ""
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)
