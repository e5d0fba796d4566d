"""What users of a login pass in, checked before anything is read or sent. No message repeats a value."""

from __future__ import annotations

import inspect
import ipaddress
import os
import re
import unicodedata
import warnings
from urllib.parse import urlsplit

from autocall_otp import InvalidRequestError, Outcome
from autocall_otp.verify._limits import Limits
from autocall_otp.verify._results import misconfigured
from autocall_otp.verify._stores import MemoryStore

_KEY_BYTES, _LONGEST_CODE = 32, 64
_LONGEST = 4096
"""Characters of an owner or a caller: to normalise a text takes the square of its length."""
_NOTHING = {"none", "null", "undefined"}
_NUMBER = re.compile(r"\+?[0-9]{8,15}")
_WITH_PORT = re.compile(r"\[(?P<v6>.*)\](?::[0-9]+)?|(?P<v4>[0-9.]+):[0-9]+")


def owner(value: str) -> str:
    """The owner, unless everybody would share it or anybody could guess it."""
    if not isinstance(value, str) or _is_nothing(value) or len(value) > _LONGEST:
        raise _invalid("owner: must be a random text that only this browser or app holds")
    # Whatever stands between the digits of a number.
    if _address(value) or _NUMBER.fullmatch(re.sub(r"[^\w+]|_", "", unicodedata.normalize("NFKC", value))):
        raise _invalid("owner: must be a random text of at least 128 bits, not an address or a phone number")
    return value


def caller(value: str) -> str:
    """The caller; of an IPv6 address its /64, since one machine has as many addresses as it likes."""
    if not isinstance(value, str) or _is_nothing(value) or len(value) > _LONGEST:
        raise _invalid("caller: must be an address or an account, or be left out")
    if (address := _address(value)) is None:
        return value.strip()
    address = getattr(address, "ipv4_mapped", None) or address
    return str(address) if address.version == 4 else f"{int(address) >> 64:x}::/64"  # noqa: PLR2004 - IPv4


def code(value: str, digits: int) -> str | None:
    """The digits that were typed, without white space and dashes; None where it cannot be a code."""
    if not isinstance(value, str):
        raise _invalid("code: must be text, since a number would lose its leading zeros")
    letters = unicodedata.normalize("NFKC", value) if len(value) <= _LONGEST_CODE else ""
    # A minus sign is no dash to Unicode, but to spreadsheets.
    kept = [each for each in letters if each != "\u2212" and unicodedata.category(each) not in {"Pd", "Cf"}]
    typed = "".join("".join(kept).split())
    return typed if len(typed) == digits and typed.isascii() and typed.isdigit() else None


def key(value: bytes | str | None) -> bytes:
    """The key, long enough."""
    value = os.environ.get("AUTOCALL_VERIFY_KEY", "") if value is None else value
    # The environment's text may stand for bytes that are no UTF-8.
    given = value.encode(errors="surrogatepass") if isinstance(value, str) else value
    if not isinstance(given, bytes) or len(given) < _KEY_BYTES:
        raise misconfigured(f"key: must have {_KEY_BYTES} bytes or more; give it here or in AUTOCALL_VERIFY_KEY")
    return given


def parts(client: object, store: object, limits: object, purpose: object, *, asynchronous: bool) -> None:
    """Refuse parts that do not fit together."""
    for name in ("run_otp", "get_cdr", "wait_for_cdr"):
        method = None if isinstance(client, type) else getattr(client, name, None)
        if not callable(method) or inspect.iscoroutinefunction(method) != asynchronous:
            raise misconfigured(f"client: must be {'an AsyncClient' if asynchronous else 'a Client'}")
    for name in ("get", "swap"):
        method = None if isinstance(store, type) else getattr(store, name, None)
        if not callable(method):
            raise misconfigured("store: must have the methods get and swap")
        if inspect.iscoroutinefunction(method) and not asynchronous:
            raise misconfigured("store: is for an AsyncVerifier")
    if not isinstance(limits, Limits):
        raise misconfigured("limits: must be Limits")
    if not isinstance(purpose, str) or not purpose.strip():
        raise misconfigured("purpose: must be a non-empty text")
    deadline = getattr(client, "deadline", 0.0)
    if deadline >= limits.ring_again_after:
        raise misconfigured(f"client: its deadline of {deadline:g} s must be shorter than ring_again_after")
    if isinstance(store, MemoryStore) and not _is_loopback(getattr(client, "host", "localhost")):
        message = "a MemoryStore forgets failures and calls at each restart, and shares them with no other process"
        warnings.warn(message, stacklevel=4)


def _invalid(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, outcome=Outcome.NOT_PLACED)


def _is_nothing(value: str) -> bool:
    return value.strip().lower() in _NOTHING or not any(map(str.isalnum, value))


def _address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a text is, perhaps in brackets or with a port behind it, as proxies write it."""
    written = _WITH_PORT.fullmatch(value.strip())
    try:
        return ipaddress.ip_address(written[written.lastgroup] if written and written.lastgroup else value.strip())
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    name = urlsplit(host if "//" in host else f"//{host}").hostname or ""
    address = _address(name)
    return name == "localhost" or (address is not None and address.is_loopback)
