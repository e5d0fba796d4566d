"""The transports that a client makes for itself: httpx's own, with the proxy and the trust of the environment."""

from __future__ import annotations

import codecs
import os
import re
import ssl
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from autocall_otp._errors import ConfigurationError, Outcome

MAX_CONNECTIONS = 100

# httpx and this module load httpcore, and the asynchronous half asyncio, only when a transport is made: both take time.
# ruff: noqa: PLC0415


def sync_transport(base_url: str) -> httpx.HTTPTransport:
    """A transport for threads.

    Raises:
        ConfigurationError: the CA file or the proxy of the environment cannot be used.
    """
    import httpcore

    from autocall_otp._transport import internals
    from autocall_otp._transport.pool import ConnectionPool

    trust, proxy = _read_environment(base_url)
    connect = _route(trust, proxy, httpcore.HTTPConnection, httpcore.HTTPProxy, httpcore.SOCKSProxy)
    transport = httpx.HTTPTransport(verify=trust)
    internals.replace_pool(transport, ConnectionPool(connect, MAX_CONNECTIONS, brackets=_needs_brackets(proxy)))
    return transport


def async_transport(base_url: str) -> httpx.AsyncHTTPTransport:
    """A transport for the tasks of one event loop.

    Raises:
        ConfigurationError: the CA file or the proxy of the environment cannot be used.
    """
    import httpcore

    from autocall_otp._transport import internals
    from autocall_otp._transport.async_pool import AsyncConnectionPool

    trust, proxy = _read_environment(base_url)
    connect = _route(trust, proxy, httpcore.AsyncHTTPConnection, httpcore.AsyncHTTPProxy, httpcore.AsyncSOCKSProxy)
    transport = httpx.AsyncHTTPTransport(verify=trust)
    internals.replace_pool(transport, AsyncConnectionPool(connect, MAX_CONNECTIONS, brackets=_needs_brackets(proxy)))
    return transport


def _route(trust: ssl.SSLContext, proxy: httpx.Proxy | None, direct: Any, http: Any, socks: Any) -> Callable[..., Any]:  # noqa: ANN401 - httpcore's classes, for threads or for tasks
    """What makes httpcore's connection to an origin over a network, directly or through the proxy."""
    import httpcore

    if proxy is None:
        return lambda origin, network: direct(origin, ssl_context=trust, network_backend=network)
    url = proxy.url
    through = partial(
        socks if _is_socks(proxy) else http,
        proxy_url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        proxy_auth=proxy.raw_auth,
        ssl_context=trust,
        max_connections=1,
    )
    if url.scheme == "https":
        through = partial(through, proxy_ssl_context=trust)
    return lambda _, network: through(network_backend=network)


def _is_socks(proxy: httpx.Proxy) -> bool:
    return proxy.url.scheme.startswith("socks")


def _needs_brackets(proxy: httpx.Proxy | None) -> bool:
    return proxy is not None and not _is_socks(proxy)


def _read_environment(base_url: str) -> tuple[ssl.SSLContext, httpx.Proxy | None]:
    # The first look-up of a host imports this codec. Here that happens before there are threads: a process that forks
    # while one of them imports leaves its child waiting for ever.
    codecs.lookup("idna")
    if base_url.startswith("http:"):
        # Loopback, else the host would have been refused: no TLS.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), None
    return _trust(), _proxy(base_url)


_known: dict[Any, ssl.SSLContext] = {}


def _trust() -> ssl.SSLContext:
    """Whom the environment trusts. Loading it takes longer than a call, so clients share it until a file changes."""
    variable = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
    path = os.environ.get(variable)
    try:
        key = path and (path, *(_version(each) for each in _files(variable, path)))
        if key not in _known:
            context = httpx.create_ssl_context()
            _known.clear()
            _known[key] = context
        return _known[key]
    except OSError as error:
        raise _error(variable, f"cannot be read: {error.strerror}") from None


def _files(variable: str, path: str) -> list[Path]:
    if variable == "SSL_CERT_FILE":
        return [Path(path)]
    folders = [Path(each) for each in path.split(os.pathsep)]
    # OpenSSL passes over a folder that is not there; it would trust nobody if that holds for all.
    present = [each for each in folders if each.is_dir()] or folders
    return [file for each in present for file in each.iterdir() if file.exists()]


def _version(file: Path) -> tuple[str, int, int, int]:
    status = file.stat()
    return file.name, status.st_mtime_ns, status.st_size, status.st_ino


def _proxy(base_url: str) -> httpx.Proxy | None:
    """The proxy to use; its address stays out of errors, since it may hold a password."""
    address = proxy_for(base_url)
    if address is None:
        return None
    try:
        proxy = httpx.Proxy(address)
        # A port that is out of range shows here.
        _ = proxy.url.port
        if _is_socks(proxy):
            import socksio  # noqa: F401 - httpcore imports it with the first connection
    except ImportError:
        raise _error("proxy of the environment", "is SOCKS, which needs: pip install 'httpx[socks]'") from None
    except (ValueError, httpx.InvalidURL):
        raise _error("proxy of the environment", "is not the URL of a proxy") from None
    if not proxy.url.host:
        raise _error("proxy of the environment", "is not the URL of a proxy")
    return proxy


def proxy_for(base_url: str) -> str | None:
    """The proxy that the environment names for this host, as curl and httpx read it; never one for this machine."""
    parts = urlsplit(base_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    host = parts.hostname or ""
    if not proxy or _is_loopback(host) or proxy_bypass(host) or _is_exempt(host, proxies.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return f".{host}".endswith(".localhost")


def _is_exempt(host: str, exceptions: str) -> bool:
    """Whether NO_PROXY names the host: also in a list with spaces, and an address as part of a network."""
    for entry in re.split(r"[,\s]+", exceptions.lower()):
        try:
            if ip_address(host) in ip_network(entry.strip("[]"), strict=False):
                return True
        except ValueError:
            if (name := entry.strip(".")) and f".{host.rstrip('.')}".endswith(f".{name}"):
                return True
    return False


def _error(argument: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"{argument}: {why}", outcome=Outcome.NOT_PLACED)
