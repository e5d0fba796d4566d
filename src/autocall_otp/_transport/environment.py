"""The transports that a client makes for itself: httpx's own, with the proxy and the trust of the environment."""

from __future__ import annotations

# ruff: noqa: PLC0415 - httpcore takes time to load, as asyncio does; httpx, too, loads it with the first transport
import codecs
import os
import re
import ssl
from contextlib import suppress
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from autocall_otp._config import misconfigured

MAX_CONNECTIONS = 100


def sync_transport(base_url: str) -> httpx.HTTPTransport:
    """A transport for threads.

    Raises:
        ConfigurationError: the CA file or the proxy of the environment cannot be used.
    """
    import httpcore

    from autocall_otp._transport.internals import replace_pool
    from autocall_otp._transport.pool import ConnectionPool

    route = _Route(base_url, httpcore.HTTPConnection, httpcore.HTTPProxy, httpcore.SOCKSProxy)
    transport = httpx.HTTPTransport(verify=route.trust)
    replace_pool(transport, ConnectionPool(route.connect, MAX_CONNECTIONS, brackets=route.needs_brackets))
    return transport


def async_transport(base_url: str) -> httpx.AsyncHTTPTransport:
    """A transport for the tasks of one event loop.

    Raises:
        ConfigurationError: the CA file or the proxy of the environment cannot be used.
    """
    import httpcore

    from autocall_otp._transport.async_pool import AsyncConnectionPool
    from autocall_otp._transport.internals import replace_pool

    route = _Route(base_url, httpcore.AsyncHTTPConnection, httpcore.AsyncHTTPProxy, httpcore.AsyncSOCKSProxy)
    transport = httpx.AsyncHTTPTransport(verify=route.trust)
    replace_pool(transport, AsyncConnectionPool(route.connect, MAX_CONNECTIONS, brackets=route.needs_brackets))
    return transport


class _Route:
    """How a host is reached: directly or through a proxy, and whom its certificate may come from."""

    def __init__(self, base_url: str, direct: Any, http_proxy: Any, socks_proxy: Any) -> None:  # noqa: ANN401 - httpcore's
        # The first look-up of a host imports this codec. Here that happens before there are threads: a process that
        # forks while one of them imports leaves its child waiting for ever.
        codecs.lookup("idna")
        # Plain http leads to this machine only, else the host would have been refused.
        is_plain = base_url.startswith("http:")
        self.trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else _trust()
        self._proxy = None if is_plain else _proxy(base_url)
        is_socks = self._proxy is not None and self._proxy.url.scheme.startswith("socks")
        self.needs_brackets = self._proxy is not None and not is_socks
        self._direct, self._through = direct, socks_proxy if is_socks else http_proxy

    def connect(self, origin: Any, network: Any) -> Any:  # noqa: ANN401 - httpcore's, for threads or for tasks
        """Make httpcore's connection to an origin over a network, not connected yet."""
        import httpcore

        if self._proxy is None:
            return self._direct(origin, ssl_context=self.trust, network_backend=network)
        url = self._proxy.url
        return self._through(
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            self._proxy.raw_auth,
            ssl_context=self.trust,
            max_connections=1,
            network_backend=network,
            **({"proxy_ssl_context": self.trust} if url.scheme == "https" else {}),
        )


_known: dict[Any, ssl.SSLContext] = {}


def _trust() -> ssl.SSLContext:
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


def _proxy(base_url: str) -> httpx.Proxy | None:
    """The proxy to use; its address stays out of errors, since it may hold a password."""
    address = proxy_for(base_url)
    if address is None:
        return None
    proxy = None
    with suppress(ValueError, httpx.InvalidURL):
        parts = urlsplit(address)
        proxy = httpx.Proxy(address) if parts.hostname and parts.port != 0 else None
    if proxy is None:
        raise misconfigured("proxy of the environment", "is not the URL of a proxy")
    if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise misconfigured("proxy of the environment", "is SOCKS, which needs: pip install 'httpx[socks]'")
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
