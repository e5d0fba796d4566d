"""What a client is set up with: arguments first, then the environment, checked before the first call."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta, timezone, tzinfo
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

import attrs
import httpx

from autocall_otp import _arguments
from autocall_otp._errors import ConfigurationError, InvalidRequestError, Outcome
from autocall_otp.models import Retry

Token = str | Callable[[], str]
AsyncToken = str | Callable[[], str | Awaitable[str]]
Fast = Literal["fast"]
DEFAULT_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Seconds for each attempt: 5 to connect, 10 for each read, write and wait for a free connection."""
DEFAULT_DEADLINE = 30.0
"""Seconds for a whole use case, its retries and pauses included."""
DEFAULT_WAIT = 120.0
"""Seconds that a wait for a record takes at the most."""
DEFAULT_MAX_RESPONSE_BYTES = 1024 * 1024
VIETNAM = timezone(timedelta(hours=7))
"""The zone of the wire's times, as other pages of the provider suggest; Vietnam has no summer time."""


def wrong(argument: str, why: str) -> ConfigurationError:
    """An error for an argument of a client that cannot be used."""
    return ConfigurationError(f"{argument}: {why}", outcome=Outcome.NOT_PLACED)


# Nobody compares or shows them, and each method that attrs writes takes time to import.
@attrs.define(kw_only=True, eq=False, repr=False)
class Settings:
    """A client's settings, checked."""

    base_url: str
    campaign_uuid: UUID | None
    template: str | None
    timeout: httpx.Timeout
    deadline: float
    retry: Retry
    timezone: tzinfo
    max_response_bytes: int
    allow_international: bool


def from_environment(variable: str) -> str | None:
    """The environment variable; an empty one counts as unset."""
    return os.environ.get(variable) or None


def read_host(host: str | None) -> str:
    """The base URL for a host name or a URL, without a slash at its end.

    Raises:
        ConfigurationError: there is none, or it is no http(s) address, or it is plain http to another machine.
    """
    if host is None:
        host = from_environment("AUTOCALL_API_HOST")
    if not isinstance(host, str) or not host.strip():
        raise wrong("host", "give the host of your API, or set AUTOCALL_API_HOST")
    text = host.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        name, _ = parts.hostname, parts.port
        # No name server can be asked for an empty label, or for one that is too long.
        httpx.URL(parts.geturl()).raw_host.decode("ascii").encode("idna")
    except (ValueError, httpx.InvalidURL):
        raise wrong("host", "is not a host name or a URL") from None
    if parts.scheme not in {"http", "https"} or not name or not parts.geturl().isprintable() or " " in text:
        raise wrong("host", "must be a host name, or a URL that starts with https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise wrong("host", "must not carry credentials, a query or a fragment")
    if parts.scheme == "http" and not _is_loopback(name):
        raise wrong("host", "plain http would send the token in clear; it is allowed to a loopback address only")
    return parts.geturl().rstrip("/")


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def read_timeout(timeout: float | httpx.Timeout | None) -> httpx.Timeout:
    """Time-outs of one attempt."""
    if isinstance(timeout, httpx.Timeout):
        return timeout
    if timeout is None:
        return httpx.Timeout(None)
    return httpx.Timeout(_arguments.seconds("timeout", timeout))


def read_timezone(zone: tzinfo | str | None) -> tzinfo:
    """The zone of the wire's times; a name is looked up in the system's zone data."""
    if isinstance(zone, tzinfo):
        return zone
    if zone is None or zone == "Asia/Ho_Chi_Minh":
        return VIETNAM
    if zone == "UTC":
        return UTC
    # Zone data costs time to load and may be missing: only for those who ask for a zone by name.
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - see above

    try:
        return ZoneInfo(zone)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise wrong("timezone", "is neither a tzinfo nor the name of a known zone") from error


def read_settings(  # noqa: PLR0913 - a client's keywords, once
    *,
    host: str | None,
    campaign_uuid: str | UUID | None,
    template: str | None,
    timeout: float | httpx.Timeout | None,
    deadline: float,
    retry: Retry,
    timezone: tzinfo | str | None,
    max_response_bytes: int,
    allow_international: bool,
) -> Settings:
    """Check everything that a client is given, and fill the gaps from the environment.

    Raises:
        ConfigurationError: an argument or variable cannot be used; the message names it.
    """
    if not isinstance(retry, Retry):
        raise wrong("retry", "must be a Retry")
    if isinstance(max_response_bytes, bool) or not isinstance(max_response_bytes, int) or max_response_bytes < 1:
        raise wrong("max_response_bytes", "must be a whole number above 0")
    campaign_uuid = campaign_uuid if campaign_uuid is not None else from_environment("AUTOCALL_CAMPAIGN_UUID")
    template = template if template is not None else from_environment("AUTOCALL_TEMPLATE")
    try:
        return Settings(
            base_url=read_host(host),
            campaign_uuid=None if campaign_uuid is None else _arguments.campaign_uuid(campaign_uuid),
            template=None if template is None else _arguments.template(template),
            timeout=read_timeout(timeout),
            deadline=_arguments.seconds("deadline", deadline),
            retry=retry,
            timezone=read_timezone(timezone),
            max_response_bytes=max_response_bytes,
            allow_international=bool(allow_international),
        )
    except InvalidRequestError as error:
        raise ConfigurationError(str(error), outcome=Outcome.NOT_PLACED) from None
