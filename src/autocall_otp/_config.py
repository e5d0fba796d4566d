"""What a client is set up with: arguments first, then the environment, checked before the first call.

No message repeats a value: it may be a secret.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from inspect import iscoroutinefunction
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

import attrs
import httpx

from autocall_otp._errors import ConfigurationError, InvalidRequestError, Outcome, invalid, misconfigured
from autocall_otp.models import LONGEST, Retry

Token = str | Callable[[], str]
AsyncToken = str | Callable[[], str | Awaitable[str]]
VIETNAM = timezone(timedelta(hours=7))
"""The zone of the wire's times, as other pages of the provider suggest; Vietnam has no summer time."""
_LARGEST_BODY = 2**31 - 1
"""Bytes: 2 GiB, more than any answer has."""
_HOST = r"[A-Za-z0-9._-]{0,253}|[0-9A-Fa-f:.]+"
"""A name or an IPv6 literal."""


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
    """The base URL for a host name, or for a URL without a path.

    Raises:
        ConfigurationError: there is none, or it is no http(s) address, or it is plain http to another machine.
    """
    if host is None:
        host = from_environment("AUTOCALL_API_HOST")
    if not isinstance(host, str) or not host.strip():
        raise misconfigured("host", "give the host of your API, or set AUTOCALL_API_HOST")
    text = host.strip()
    try:
        parts = _split(text if "://" in text else f"https://{text}")
    except (ValueError, httpx.InvalidURL):
        raise misconfigured("host", "is not a host name or a URL") from None
    name = parts.hostname
    if parts.scheme not in {"http", "https"} or not name or not text.isprintable() or " " in text:
        raise misconfigured("host", "must be a host name, or a URL that starts with https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise misconfigured("host", "must not carry credentials, a query or a fragment")
    if parts.path.strip("/"):
        raise misconfigured("host", "must not have a path: the SDK knows the paths of the API")
    if parts.scheme == "http" and not is_loopback(name):
        raise misconfigured("host", "plain http would send the token in clear; only a loopback address may have it")
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> SplitResult:
    """The parts of a URL; raises ValueError where nobody can be asked for its host, or its port is none."""
    parts = urlsplit(url)
    if parts.port == 0 or not is_host_name(httpx.URL(parts.geturl())):
        raise ValueError
    return parts


def is_host_name(url: httpx.URL) -> bool:
    """Whether the URL's host is an address, or a name that a name server can be asked for."""
    # The codec refuses an empty label, and one that is too long.
    return re.fullmatch(_HOST, url.raw_host.decode("ascii").encode("idna").decode("ascii")) is not None


def is_loopback(name: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost"


def is_coroutine_function(given: object) -> bool:
    """Whether calling it gives something to be awaited."""
    return iscoroutinefunction(given) or iscoroutinefunction(type(given).__call__)


def validate_seconds(argument: str, value: float, outcome: Outcome = Outcome.NOT_PLACED) -> float:
    """A length of time above zero that the platform can count."""
    # NaN fails the comparison, as it should.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        raise invalid(argument, f"must be a number of seconds above 0, at most {LONGEST} (24 days)", outcome)
    return float(value)


def validate_campaign_uuid(value: str | UUID | None) -> UUID:
    """The campaign, as a UUID."""
    if isinstance(value, UUID):
        return value
    if value is None:
        raise invalid("campaign_uuid", "give it here, to the client, or in AUTOCALL_CAMPAIGN_UUID")
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise invalid("campaign_uuid", "must be a UUID") from None


def validate_template(value: str | None) -> str:
    """The name of the script, unchanged."""
    if value is None:
        raise invalid("template", "give it here, to the client, or in AUTOCALL_TEMPLATE")
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise invalid("template", "must be a non-empty, printable text")
    return value


def _timeout(timeout: float | httpx.Timeout | None) -> httpx.Timeout:
    """Time-outs of one attempt."""
    if timeout is None:
        return httpx.Timeout(None)
    if not isinstance(timeout, httpx.Timeout):
        if type(timeout).__module__.partition(".")[0] == "httpx2":
            raise invalid("timeout", "is of httpx2, and this client uses httpx: give an httpx.Timeout, or seconds")
        return httpx.Timeout(validate_seconds("timeout", timeout))
    limits = {
        phase: None if limit is None or limit == math.inf else validate_seconds(f"timeout: {phase}", limit)
        for phase, limit in timeout.as_dict().items()
    }
    return httpx.Timeout(**limits)


def _timezone(zone: tzinfo | str | None) -> tzinfo:
    """The zone of the wire's times; a name is looked up in the system's zone data."""
    if isinstance(zone, tzinfo):
        try:
            datetime.fromtimestamp(0, zone)
        except (NotImplementedError, ValueError):
            raise misconfigured("timezone", "has no offset from UTC") from None
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
        raise misconfigured("timezone", "is neither a tzinfo nor the name of a known zone") from error


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
        raise misconfigured("retry", "must be a Retry")
    bound = max_response_bytes
    if isinstance(bound, bool) or not isinstance(bound, int) or not 1 <= bound <= _LARGEST_BODY:
        raise misconfigured("max_response_bytes", f"must be a whole number from 1 to {_LARGEST_BODY}")
    if not isinstance(allow_international, bool):
        # The text "false" would count as true.
        raise misconfigured("allow_international", "must be True or False")
    campaign = campaign_uuid if campaign_uuid is not None else from_environment("AUTOCALL_CAMPAIGN_UUID")
    script = template if template is not None else from_environment("AUTOCALL_TEMPLATE")
    try:
        return Settings(
            base_url=read_host(host),
            campaign_uuid=None if campaign is None else validate_campaign_uuid(campaign),
            template=None if script is None else validate_template(script),
            timeout=_timeout(timeout),
            deadline=validate_seconds("deadline", deadline),
            retry=retry,
            timezone=_timezone(timezone),
            max_response_bytes=bound,
            allow_international=allow_international,
        )
    except InvalidRequestError as error:
        raise ConfigurationError(str(error), outcome=Outcome.NOT_PLACED) from None
