"""What `doctor` looks at, one check after the other. None of them places a call or shows the token."""

from __future__ import annotations

import platform
import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import attrs
import httpx

from autocall_otp import _arguments
from autocall_otp._cli.connections import connections
from autocall_otp._cli.settings import Settings
from autocall_otp._config import read_host
from autocall_otp._errors import AuthenticationError, AutocallError, NotFoundError, PermissionDeniedError
from autocall_otp._transport import proxy_for
from autocall_otp._version import __version__
from autocall_otp.models import Retry

PATIENCE = 10.0
"""Seconds for each step over the network."""
TOLERATED_SKEW = 30.0
"""Seconds by which this machine's clock may differ; tokens and certificates depend on it."""
_DAY = 86400


@attrs.frozen
class Check:
    """What a check found."""

    name: str
    status: str
    """`ok`, `failed` or `skipped`."""
    detail: str
    advice: str | None = None
    """What to do; None where there is nothing to do."""


def examine(found: Settings) -> Iterator[Check]:
    """Every check, as it is done; a check that the one before makes pointless is skipped."""
    yield _versions()
    # Settings, CA bundle and proxy that cannot be used at all are told as such, before anything is sent.
    found.client().close()
    base_url = read_host(found["host"])
    yield _name(base_url)
    answer = _probe(base_url)
    yield _connection(base_url, answer)
    yield _clock(answer)
    yield _token(found)


def _versions() -> Check:
    parts = [f"autocall-otp {__version__}", f"Python {platform.python_version()}", f"httpx {httpx.__version__}"]
    return Check("versions", "ok", ", ".join([*parts, ssl.OPENSSL_VERSION]))


def _name(base_url: str) -> Check:
    host = urlsplit(base_url).hostname or ""
    if not base_url.startswith("http:") and proxy_for(base_url):
        return Check("name", "skipped", f"the proxy of the environment looks {host} up")
    try:
        addresses = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError as error:
        return Check("name", "failed", f"{host}: {error.strerror}", "check the host, and this machine's DNS")
    return Check("name", "ok", f"{host} is {', '.join(sorted(addresses))}")


@attrs.frozen
class _Answer:
    """What an answer without a token tells: the server's time, and until when its certificate is good."""

    date: str | None
    received: float
    tls: tuple[str, float] | None
    """The version, and the end of the certificate."""


def _probe(base_url: str) -> _Answer | Exception:
    """Ask for the root of the host, without a token, over the connections that the SDK would use."""
    try:
        with (
            httpx.Client(timeout=PATIENCE, transport=connections(base_url)) as client,
            client.stream("GET", base_url) as response,
        ):
            wire = response.extensions["network_stream"].get_extra_info("ssl_object")
            tls = (wire.version(), ssl.cert_time_to_seconds(wire.getpeercert()["notAfter"])) if wire else None
            return _Answer(response.headers.get("date"), time.time(), tls)
    except (httpx.HTTPError, OSError) as error:
        return error


def _connection(base_url: str, answer: _Answer | Exception) -> Check:
    if isinstance(answer, Exception):
        return Check("connection", "failed", *_why_not(answer))
    if answer.tls is None:
        return Check("connection", "ok", f"{base_url} answers, without TLS: it is this machine")
    version, expires = answer.tls
    left = int(expires - answer.received) // _DAY
    return Check("connection", "ok", f"{version}, the certificate is trusted and good for {left} more days")


def _why_not(error: Exception) -> tuple[str, str]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            advice = "if a company's proxy signs certificates here, point SSL_CERT_FILE at its CA bundle"
            return f"TLS: {cause.verify_message}", advice
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time", "check the firewall, and whether HTTPS_PROXY must be set"
    return f"{type(error).__name__}: {error}", "check the host and its port, the firewall, and HTTPS_PROXY"


def _clock(answer: _Answer | Exception) -> Check:
    if isinstance(answer, Exception):
        return Check("clock", "skipped", "the host was not reached")
    try:
        skew = answer.received - parsedate_to_datetime(answer.date or "").timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return Check("clock", "skipped", "the host does not tell its time")
    if abs(skew) > TOLERATED_SKEW:
        side = "ahead of" if skew > 0 else "behind"
        return Check("clock", "failed", f"{abs(skew):.0f} s {side} the host", "set this machine's clock, with NTP")
    return Check("clock", "ok", "within 30 s of the host's")


def _token(found: Settings) -> Check:
    """Look up a call that cannot exist: whoever is told so has a token that is taken."""
    ref_id = f"autocall-otp-doctor-{_arguments.new_ref_id()}"
    with found.client(retry=Retry.none()) as client:
        try:
            client.get_cdr(ref_id)
        except NotFoundError:
            return Check("token", "ok", "accepted")
        except AuthenticationError:
            origin = found.each["token"].origin
            return Check("token", "failed", f"refused (401); it comes from {origin}", "ask for a fresh token")
        except PermissionDeniedError:
            return Check("token", "failed", "not allowed here (403)", "ask the provider what this token may do")
        except AutocallError as error:
            return Check("token", "skipped", f"cannot tell: {error}", "mend what is above, or try again later")
    return Check("token", "failed", "cannot tell: a call that does not exist has a record", "check the host")


def look_up(found: Settings, ref_id: str) -> Check:
    """Look up a call that was placed before."""
    with found.client(retry=Retry.none()) as client:
        try:
            client.get_cdr(ref_id)
        except NotFoundError:
            return Check("look-up", "failed", "there is no record", "give the reference of a call that was placed")
        except AutocallError as error:
            return Check("look-up", "failed", str(error), "send the recording: its answer is in it")
    return Check("look-up", "ok", "there is a record")
