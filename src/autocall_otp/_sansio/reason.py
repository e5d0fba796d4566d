"""Why no answer was read, in plain words. Only words: what is known of the phone never depends on them."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator

_BY_CERTIFICATE = {
    10: "certificate expired",
    18: "certificate not trusted: it is self-signed",
    19: "certificate not trusted: it is self-signed",
    20: "certificate not trusted: its issuer is unknown",
    62: "certificate is for another host",
    64: "certificate is for another host",
}
"""OpenSSL's verify codes."""
_BY_NUMBER = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection closed",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "network unreachable",
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files",
    errno.EADDRNOTAVAIL: "no free local port",
}
_BY_TLS = {
    "WRONG_VERSION_NUMBER": "TLS expected, plain HTTP answered",
    "HTTP_REQUEST": "TLS expected, plain HTTP answered",
}
_BY_TIMEOUT = {
    "ConnectTimeout": "no connection in time",
    "PoolTimeout": "no free connection in time",
    "WriteTimeout": "the request could not be written in time",
}
DEADLINE_PASSED = "the deadline passed"
"""How our own time-outs begin, which say more."""
TLS_EXPECTED = _BY_TLS["WRONG_VERSION_NUMBER"]


def explain(error: Exception) -> str:
    """The reason, as close to its root as can be seen."""
    for cause in reversed([*_chain(error)]):
        if words := _words(cause):
            return words
    text = str(error).strip()
    if (isinstance(error, TimeoutError) or "Timeout" in type(error).__name__) and not text.startswith(DEADLINE_PASSED):
        return _BY_TIMEOUT.get(type(error).__name__, "no answer in time")
    return text or type(error).__name__


def is_certificate_refused(error: Exception) -> bool:
    """Whether the service's certificate is at fault, which no other try changes."""
    return any(getattr(cause, "verify_code", 0) for cause in _chain(error))


def _words(cause: BaseException) -> str | None:
    if code := getattr(cause, "verify_code", 0):
        return _BY_CERTIFICATE.get(code, f"certificate not trusted: {getattr(cause, 'verify_message', code)}")
    if tls := getattr(cause, "reason", None):
        return _BY_TLS.get(str(tls), f"TLS failed: {tls}") if isinstance(cause, OSError) else None
    if type(cause).__name__ == "gaierror":
        return "name not found"
    return _BY_NUMBER.get(cause.errno or 0) if isinstance(cause, OSError) else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    # What the application was handling when it called us is none of it. httpcore raises some errors from None.
    seen = {id(sys.exception())}
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
