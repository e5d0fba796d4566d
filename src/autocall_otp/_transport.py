"""The transports that a client makes for itself: public httpx parts, with the environment's proxy and trust."""

from __future__ import annotations

import codecs
import functools
import os
import select
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypedDict, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from autocall_otp._config import Fast, wrong
from autocall_otp._lanes import AsyncLanes, Lanes

MAX_CONNECTIONS = 100
_IDLE_EXPIRY = 30.0
# Older ones ask before they connect to a proxy whether the request may be sent, which says less.
_LOWEST_LIBCURL = 0x081300
T = TypeVar("T", httpx.BaseTransport, httpx.AsyncBaseTransport)
# The free list looks after what has been idle for long.
_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None)


class _Options(TypedDict):
    verify: ssl.SSLContext
    limits: httpx.Limits
    proxy: str | None


def sync_lanes(base_url: str, max_bytes: int, *, fast: bool) -> Lanes:
    """Connections for threads."""
    from autocall_otp._direct import Connection  # noqa: PLC0415 - it loads httpcore, as httpx does at this moment

    def through_httpx() -> httpx.HTTPTransport:
        return httpx.HTTPTransport(**options)

    def direct() -> Connection:
        return Connection(options["verify"], through_httpx)

    with _usable_environment():
        options = _options(base_url)
        if fast:
            from autocall_otp import _curl, _curl_transports  # noqa: PLC0415 - only who asks for it pays for its import

            make: Callable[[], httpx.BaseTransport] = partial(
                _curl_transports.CurlTransport, _curl.options(options["proxy"], max_bytes, _IDLE_EXPIRY)
            )
        else:
            make = direct if options["proxy"] is None else through_httpx
        return Lanes(make, size=MAX_CONNECTIONS, keep=MAX_CONNECTIONS, expiry=_IDLE_EXPIRY)


def async_lanes(base_url: str, max_bytes: int, *, fast: bool) -> AsyncLanes:
    """Connections for the tasks of one event loop."""
    from autocall_otp._direct import AsyncConnection  # noqa: PLC0415 - it loads httpcore, as httpx does at this moment

    def through_httpx() -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(**options)

    def direct() -> AsyncConnection:
        return AsyncConnection(options["verify"], through_httpx)

    with _usable_environment():
        options = _options(base_url)
        if fast:
            from autocall_otp import _curl, _curl_transports  # noqa: PLC0415 - only who asks for it pays for its import

            make: Callable[[], httpx.AsyncBaseTransport] = partial(
                _curl_transports.AsyncCurlTransport, _curl.options(options["proxy"], max_bytes, _IDLE_EXPIRY)
            )
        else:
            make = direct if options["proxy"] is None else through_httpx
        return AsyncLanes(make, size=MAX_CONNECTIONS, keep=MAX_CONNECTIONS, expiry=_IDLE_EXPIRY)


def read_choice(transport: T | Fast | None) -> tuple[T | None, bool]:
    """The transport that the caller brings, if any, and whether the fast one is asked for.

    Raises:
        ConfigurationError: a name other than "fast", or it is not installed.
    """
    if not isinstance(transport, str):
        return transport, False
    if transport != "fast":
        raise wrong("transport", 'must be an httpx transport or "fast"')
    if not hasattr(select, "poll"):
        raise wrong("transport", '"fast" works on Linux and macOS only')
    with suppress(ImportError):
        import pycurl  # noqa: PLC0415 - only who asks for it pays for its import

        if pycurl.version_info()[2] >= _LOWEST_LIBCURL:
            return None, True
        raise wrong("transport", '"fast" needs a pycurl with libcurl 8.19 or newer')
    raise wrong("transport", '"fast" needs: pip install "autocall-otp[fast]"')


@contextmanager
def _usable_environment() -> Generator[None]:
    """Name the variable at fault; a proxy's address stays out of the message, since it may hold a password.

    Raises:
        ConfigurationError: the CA bundle cannot be read, or the proxy cannot be used.
    """
    try:
        yield
    except OSError as error:
        raise wrong("SSL_CERT_FILE or SSL_CERT_DIR", f"cannot be read: {error.strerror}") from None
    except ImportError:
        raise wrong("proxy of the environment", "is SOCKS, which needs: pip install 'httpx[socks]'") from None
    except (ValueError, httpx.InvalidURL):
        raise wrong("proxy of the environment", "is not the URL of a proxy") from None


def _options(base_url: str) -> _Options:
    # The first look-up of a host imports this codec; see the free list for why that must not wait for a thread.
    codecs.lookup("idna")
    if base_url.startswith("http:"):
        # Loopback, else the host would have been refused: no TLS, and no proxy that would see the token.
        return {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "limits": _ONE, "proxy": None}
    trust = _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return {"verify": trust, "limits": _ONE, "proxy": proxy_for(base_url)}


@functools.cache
def _trust(file: str | None, _folder: str | None) -> ssl.SSLContext:
    """The trust settings of the environment; loading them takes longer than a call, so clients share them."""
    if file:
        # httpx 0.27 passes over a file that is not there, and trusts whom its user meant to leave out.
        Path(file).stat()
    return httpx.create_ssl_context()


def proxy_for(base_url: str) -> str | None:
    """The proxy that the environment names for this host, as curl and httpx read it."""
    parts = urlsplit(base_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or (parts.hostname and proxy_bypass(parts.hostname)):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
