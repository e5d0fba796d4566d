"""The transports that a client makes for itself: httpx's own, with the proxy and the trust of the environment."""

from __future__ import annotations

# ruff: noqa: PLC0415 - httpcore takes time to load, as asyncio does; httpx, too, loads it with the first transport
import codecs
import os
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from autocall_otp._config import is_host_name, is_loopback
from autocall_otp._errors import misconfigured

T = TypeVar("T")
MAX_CONNECTIONS = 100
_LONGEST_IN_SOCKS = 255


def sync_transport(base_url: str) -> httpx.HTTPTransport:
    """A transport for threads.

    Raises:
        ConfigurationError: the CA file or the proxy of the environment cannot be used.
    """
    from autocall_otp._transport.pool import ConnectionPool

    return _over(ConnectionPool, httpx.HTTPTransport, "", base_url)


def async_transport(base_url: str) -> httpx.AsyncHTTPTransport:
    """The same for the tasks of one event loop."""
    from autocall_otp._transport.async_pool import AsyncConnectionPool

    return _over(AsyncConnectionPool, httpx.AsyncHTTPTransport, "Async", base_url)


def _over(pool: Callable[..., object], make: Callable[..., T], prefix: str, base_url: str) -> T:
    """A transport of httpx's over a pool of ours; httpcore's classes for tasks have a prefix."""
    import httpcore

    from autocall_otp._transport.internals import replace_pool

    # The first look-up of a host imports this codec. Here that happens before there are threads: a process that
    # forks while one of them imports leaves its child waiting for ever.
    codecs.lookup("idna")
    # Plain http leads to this machine only, else the host would have been refused.
    is_plain = base_url.startswith("http:")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else trust()
    proxy = None if is_plain else find_proxy(base_url)
    is_socks = proxy is not None and proxy.url.scheme.startswith("socks")
    kind = "HTTPConnection" if proxy is None else "SOCKSProxy" if is_socks else "HTTPProxy"
    make_connection: Any = getattr(httpcore, prefix + kind)

    def connect(origin: Any, network: Any) -> Any:  # noqa: ANN401 - httpcore's, for threads or for tasks
        if proxy is None:
            return make_connection(origin, ssl_context=context, network_backend=network)
        url = proxy.url
        return make_connection(
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            proxy.raw_auth,
            ssl_context=context,
            max_connections=1,
            network_backend=network,
            **({"proxy_ssl_context": context} if url.scheme == "https" else {}),
        )

    transport = make(verify=context)
    replace_pool(transport, pool(connect, MAX_CONNECTIONS, brackets=kind == "HTTPProxy"))
    return transport


_known: dict[Any, ssl.SSLContext] = {}


def trust() -> ssl.SSLContext:
    """Whom the environment trusts. Loading it takes longer than a call, so clients share it until a file changes."""
    variable = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
    path = os.environ.get(variable)
    try:
        key = path and (path, *(_version(each) for each in _files(variable, path)))
        if (context := _known.get(key)) is None:
            context = httpx.create_ssl_context()
            _known.clear()
            _known[key] = context
    except OSError as error:
        raise misconfigured(variable, f"cannot be read: {error.strerror}") from None
    return context


def _files(variable: str, path: str) -> list[Path]:
    if variable == "SSL_CERT_FILE":
        return [Path(path)]
    folders = [Path(each) for each in path.split(os.pathsep)]
    # OpenSSL passes over a folder that is not there. If none is, it would trust nobody.
    present = [each for each in folders if each.is_dir()] or folders
    return [file for each in present for file in each.iterdir() if file.exists()]


def _version(file: Path) -> tuple[str, int, int, int]:
    status = file.stat()
    return file.name, status.st_mtime_ns, status.st_size, status.st_ino


def find_proxy(base_url: str) -> httpx.Proxy | None:
    """The proxy to use; its address stays out of errors, since it may hold a password."""
    address = proxy_for(base_url)
    if address is None:
        return None
    proxy = None
    with suppress(ValueError, httpx.InvalidURL):
        parts = urlsplit(address)
        if parts.hostname and parts.port != 0 and is_host_name(httpx.URL(address)):
            proxy = httpx.Proxy(address)
    if proxy is None:
        raise misconfigured("proxy of the environment", "is not the URL of a proxy")
    if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise misconfigured("proxy of the environment", "is SOCKS, which needs: pip install 'httpx[socks]'")
    if proxy.url.scheme.startswith("socks") and any(len(part) > _LONGEST_IN_SOCKS for part in proxy.raw_auth or ()):
        raise misconfigured("proxy of the environment", f"has a name or password of over {_LONGEST_IN_SOCKS} bytes")
    return proxy


def proxy_for(base_url: str) -> str | None:
    """The proxy that the environment names for this host, as curl and httpx read it; never one for this machine."""
    parts = urlsplit(base_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    host = parts.hostname or ""
    is_bypassed = proxy_bypass(f"{host}:{parts.port or 443}") or _is_exempt(host, proxies.get("no", ""))
    if not proxy or is_loopback(host) or is_bypassed:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_exempt(host: str, exceptions: str) -> bool:
    """Whether NO_PROXY names the host: also in a list with spaces, and an address as part of a network."""
    for entry in re.split(r"[,\s]+", exceptions.lower()):
        try:
            if entry == "*" or ip_address(host) in ip_network(entry.strip("[]"), strict=False):
                return True
        except ValueError:
            if (name := entry.strip(".")) and f".{host.rstrip('.')}".endswith(f".{name}"):
                return True
    return False
