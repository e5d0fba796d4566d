"""What `doctor` looks at, one check after the other. None of them places a call or shows the token."""

from __future__ import annotations

import platform
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, cast
from uuid import uuid4

import attrs
import httpx

from autocall_otp import AutocallError, NotFoundError, Retry, __version__
from autocall_otp._cli.recorder import Exchange, Recorder, plain_client
from autocall_otp._cli.settings import Settings
from autocall_otp._transport.environment import proxy_for

TOLERATED_SKEW = 30.0  # seconds; tokens and certificates depend on the clock
_REFUSED = {401, 403}


@attrs.frozen
class Check:
    """What a check found."""

    name: str
    status: str
    """`ok`, `failed` or `unknown`."""
    detail: str
    advice: str | None = None
    """What to do; None where there is nothing to do."""


def examine(found: Settings, recorder: Recorder) -> Iterator[Check]:
    """Every check, as it is done."""
    parts = [f"autocall-otp {__version__}", f"Python {platform.python_version()}", f"httpx {httpx.__version__}"]
    yield Check("versions", "ok", ", ".join([*parts, ssl.OPENSSL_VERSION]))
    missing = [found.each[name] for name in ("campaign_uuid", "template") if found[name] is None]
    if missing:
        yield Check("settings", "failed", f"`run` needs {missing[0].name}", f"set {missing[0].advice}")
    else:
        yield Check("settings", "ok", "all that `run` needs is set")
    yield _name(found.url)
    answer = _probe(found.url)
    yield _connection(found.url, answer)
    yield _clock(answer)
    real = _look_up_nothing(found, recorder, None)
    service = _service(real)
    yield service
    yield _token(found, recorder, real, service)
    if not missing:
        advice = "place a call: --place-call-to NUMBER"
        yield Check("script", "unknown", "only a call shows if campaign and template are right", advice)


def _name(url: httpx.URL) -> Check:
    if proxy_for(str(url)):
        return Check("name", "unknown", f"the proxy of the environment looks {url.host} up")
    try:
        addresses = {str(entry[4][0]) for entry in socket.getaddrinfo(url.host, None)}
    except OSError as error:
        return Check("name", "failed", f"{url.host}: {error.strerror}", "check the host, and this machine's DNS")
    return Check("name", "ok", f"{url.host} is {', '.join(sorted(addresses))}")


def _probe(url: httpx.URL) -> tuple[str, float] | Exception:
    """Ask for the root of the host, without a token; the host's time, and this machine's when it came."""
    try:
        with plain_client(url) as client, client.stream("GET", url) as response:
            return response.headers.get("date", ""), time.time()
    except (httpx.HTTPError, OSError) as error:
        return error


def _connection(url: httpx.URL, answer: tuple[str, float] | Exception) -> Check:
    if isinstance(answer, Exception):
        return Check("connection", "failed", *_why_not(answer))
    how = "over TLS, and its certificate is trusted" if url.scheme == "https" else "without TLS: it is this machine"
    return Check("connection", "ok", f"{url} answers {how}")


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


def _clock(answer: tuple[str, float] | Exception) -> Check:
    if isinstance(answer, Exception):
        return Check("clock", "unknown", "the host was not reached")
    try:
        skew = answer[1] - parsedate_to_datetime(answer[0]).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return Check("clock", "unknown", "the host does not say what time it is")
    if abs(skew) > TOLERATED_SKEW:
        side = "ahead of" if skew > 0 else "behind"
        return Check("clock", "failed", f"{abs(skew):.0f} s {side} the host", "set this machine's clock, with NTP")
    return Check("clock", "ok", "within 30 s of the host's")


def _look_up_nothing(found: Settings, recorder: Recorder, token: str | None) -> Exchange:
    """Look up a call that cannot exist, with the token of the settings or another one."""
    with found.client(token=token, retry=Retry.none(), transport=recorder) as client, suppress(AutocallError):
        client.get_cdr(f"autocall-otp-doctor-{uuid4()}")
    return recorder.exchanges[-1]


def _says_nothing(status: int | None) -> bool:
    return status is None or status == httpx.codes.TOO_MANY_REQUESTS or httpx.codes.is_server_error(status)


def _service(real: Exchange) -> Check:
    """Whether it is this API that answers."""
    status = real.status
    if status is None:
        return Check("service", "unknown", f"no answer to a look-up: {real.failure}", "fix what failed above")
    if _says_nothing(status):
        return Check("service", "unknown", f"the service answers {status} to a look-up", "try again later")
    seen = f"a look-up of a made-up call gets {status}"
    if not isinstance(body := real.json, dict):
        detail = f"{seen} with {real.content_type or 'no content type'}, not the API's JSON"
        return Check("service", "failed", detail, "check the host: something else answers there")
    if not httpx.codes.is_client_error(status) or not cast("dict[str, Any]", body).get("error"):
        return Check("service", "unknown", f"{seen}, not as the contract says", "send us a recording: --record FILE")
    return Check("service", "ok", f"{seen} with the API's JSON")


def _token(found: Settings, recorder: Recorder, real: Exchange, service: Check) -> Check:
    """Whether the token is taken: a made-up one must fare worse."""
    if real.status == httpx.codes.UNAUTHORIZED:
        place = found.each["token"].place
        return Check("token", "failed", f"refused (401); it comes from {place}", "get a fresh token")
    if real.status == httpx.codes.FORBIDDEN:
        return Check("token", "failed", "not allowed here (403)", "ask the provider what this token may do")
    if service.status == "failed" or _says_nothing(real.status):
        return Check("token", "unknown", "no look-up was answered by the API", "fix what is above")
    made_up = _look_up_nothing(found, recorder, f"autocall-otp-doctor-{uuid4()}").status
    if made_up in _REFUSED:
        return Check("token", "ok", f"taken: it gets {real.status}, a made-up one gets {made_up}")
    detail = f"it gets {real.status}, a made-up one gets {made_up or 'no answer'}: that proves nothing"
    return Check("token", "unknown", detail, "place a call: --place-call-to NUMBER")


def look_up(found: Settings, recorder: Recorder, ref_id: str, *, recorded: bool) -> Check:
    """Look up a call that was placed before."""
    with found.client(retry=Retry.none(), transport=recorder) as client:
        try:
            client.get_cdr(ref_id)
        except NotFoundError:
            return Check("look-up", "failed", "there is no record", "give the reference of a call that was placed")
        except AutocallError as error:
            recording = "send the recording: its answer is in it" if recorded else "record it: --record FILE"
            advice = recording if recorder.exchanges[-1].status else "fix what failed above, or try again"
            return Check("look-up", "failed", str(error), advice)
    return Check("look-up", "ok", "there is a record")
