"""Why no answer was read, in words that help."""

import errno
import socket
import ssl

import httpx
import pytest

from autocall_otp._sansio.reason import explain, is_certificate_refused


def caused(error: BaseException, *causes: BaseException) -> Exception:
    """The error with a chain of causes, as a library makes it."""
    above = error
    for cause in causes:
        above.__cause__ = cause
        above = cause
    assert isinstance(error, Exception)
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return error


def certificate(code: int, message: str = "odd") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "connection refused"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "connection reset"),
        (BrokenPipeError(errno.EPIPE, "x"), "connection closed"),
        (OSError(errno.EHOSTUNREACH, "x"), "no route to the host"),
        (OSError(errno.ENETUNREACH, "x"), "network unreachable"),
        (OSError(errno.EMFILE, "x"), "too many open files"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "no free local port"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "name not found"),
        (certificate(10), "certificate expired"),
        (certificate(18), "certificate not trusted: it is self-signed"),
        (certificate(20), "certificate not trusted: its issuer is unknown"),
        (certificate(62), "certificate is for another host"),
        (certificate(7, "signature failure"), "certificate not trusted: signature failure"),
        (tls("WRONG_VERSION_NUMBER"), "TLS expected, plain HTTP answered"),
        (tls("NO_PROTOCOLS_AVAILABLE"), "TLS failed: NO_PROTOCOLS_AVAILABLE"),
    ],
)
def test_the_root_of_a_failure_is_named(root: BaseException, words: str) -> None:
    assert explain(caused(httpx.ConnectError("All attempts failed"), OSError("between"), root)) == words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectTimeout(""), "no connection in time"),
        (httpx.PoolTimeout(""), "no free connection in time"),
        (httpx.ReadTimeout("The read operation timed out"), "no answer in time"),
        (httpx.WriteTimeout(""), "the request could not be written in time"),
        (TimeoutError(), "no answer in time"),
        (httpx.ReadTimeout("the deadline passed while the body came in"), "the deadline passed while the body came in"),
        (httpx.RemoteProtocolError("Server disconnected"), "Server disconnected"),
        (httpx.ReadError(""), "ReadError"),
        (caused(httpx.ReadError("words"), OSError("unknown")), "words"),
    ],
)
def test_what_has_no_known_root_keeps_its_own_words(error: Exception, words: str) -> None:
    assert explain(error) == words


def test_only_a_certificate_makes_another_try_useless() -> None:
    assert is_certificate_refused(caused(httpx.ConnectError("x"), OSError("y"), certificate(10)))
    assert not is_certificate_refused(caused(httpx.ConnectError("x"), tls("WRONG_VERSION_NUMBER")))


def test_a_circle_of_causes_is_walked_once() -> None:
    error, other = httpx.ReadError("words"), OSError("other")
    error.__cause__, other.__cause__ = other, error
    assert explain(error) == "words"
