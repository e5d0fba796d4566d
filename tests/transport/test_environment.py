"""The proxy and the trust of the environment."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import httpcore
import httpx
import pytest
import trustme
from faults.users import To, User, serves
from faults.ways import Shell
from support.network import Network

from autocall_otp import ConfigurationError, Outcome
from autocall_otp._transport import environment
from autocall_otp._transport.environment import async_transport, proxy_for, sync_transport
from autocall_otp._transport.internals import ended_cleanly, replace_pool

API, PROXY = "https://api.example.vn", "http://proxy:3128"


@pytest.mark.parametrize(
    ("variable", "value", "proxy"),
    [
        *((variable, PROXY, PROXY) for variable in ("HTTPS_PROXY", "https_proxy")),
        ("HTTPS_PROXY", "proxy:3128", PROXY),
        ("ALL_PROXY", "socks5://proxy:1080", "socks5://proxy:1080"),
        ("HTTP_PROXY", PROXY, None),
    ],
)
def test_the_proxy_of_the_environment(net: Network, variable: str, value: str, proxy: str | None) -> None:
    assert proxy_for(API) is None
    net.monkeypatch.setenv(variable, value)
    assert proxy_for(API) == proxy


NOT_PROXIED = {
    "api.example.vn": [
        *("*", "example.vn", ".example.vn", "EXAMPLE.VN.", "other.test, api.example.vn", "other.test api.example.vn"),
        *("api.example.vn:8443", "example.com, *"),
    ],
    "10.1.2.3": ["10.0.0.0/8", "10.1.2.3"],
    "[2001:db8::1]": ["2001:db8::/32", "[2001:db8::1]"],
    **{host: [""] for host in ("localhost", "127.0.0.1", "127.9.9.9", "[::1]")},
}
PROXIED = {
    "api.example.vn": ["", "ample.vn", "example.com,10.0.0.0/8", "api.example.vn:443"],
    "10.1.2.3": ["10.1.2.4/30"],
    "[2001:db8::1]": ["2001:db9::/32"],
    **{host: [""] for host in ("api.localhost", "notlocalhost")},
}
"""Hosts, each with some values of NO_PROXY."""


@pytest.mark.parametrize(("hosts", "proxy"), [(NOT_PROXIED, None), (PROXIED, PROXY)])
def test_hosts_that_need_no_proxy(net: Network, hosts: dict[str, list[str]], proxy: str | None) -> None:
    net.monkeypatch.setenv("HTTPS_PROXY", PROXY)
    for host, exceptions in [(name, each) for name in hosts for each in hosts[name]]:
        net.monkeypatch.setenv("NO_PROXY", exceptions)
        assert proxy_for(f"https://{host}:8443") == proxy, (host, exceptions)


def test_plain_http_stays_on_this_machine(net: Network, user: To) -> None:
    net.monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert user(net.serve(serves).url).calls("r1")


SECRET = "us3r:pr0xy-pass@proxy"
NO_PROXIES = [
    *(f"ftp://{SECRET}", *(f"http://{SECRET}:{port}" for port in ("port", 99999, 0))),
    *("http://", "http://{{PROXY}}", "not a url", "http://[::1"),
]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SSL_CERT_FILE", "no-such-file.pem", "SSL_CERT_FILE: cannot be read: No such file or directory"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE: cannot be read: "),
        ("SSL_CERT_DIR", "no-such-folder", "SSL_CERT_DIR: cannot be read: No such file or directory"),
        ("ALL_PROXY", f"socks5://{'n' * 256}:pr0xy-pass@proxy", "proxy of the environment: has a name or password of"),
        *(("HTTPS_PROXY", url, "proxy of the environment: is not the URL of a proxy") for url in NO_PROXIES),
    ],
)
def test_what_cannot_be_used_is_refused(net: Network, variable: str, value: str, words: str) -> None:
    net.monkeypatch.delenv("SSL_CERT_FILE")
    net.monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        sync_transport(API)
    assert str(caught.value).startswith(words)
    assert caught.value.outcome is Outcome.NOT_PLACED
    assert "pr0xy-pass" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize("make", [sync_transport, async_transport])
def test_socks_needs_its_package(net: Network, make: Callable[[str], object]) -> None:
    net.monkeypatch.setitem(sys.modules, "socksio", None)
    net.monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    with pytest.raises(ConfigurationError, match=r"is SOCKS, which needs: pip install 'httpx\[socks\]'"):
        make(API)


def test_clients_share_what_they_trust_until_a_file_of_it_changes(net: Network, tmp_path: Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "dangling").symlink_to("nothing")
    (folder / "authority.0").write_text("first")
    net.monkeypatch.delenv("SSL_CERT_FILE")
    assert len(environment.trust().get_ca_certs()) > 10
    net.monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'missing'}{os.pathsep}{folder}")
    first = environment.trust()
    assert environment.trust() is first
    (folder / "authority.0").write_text("another size")
    assert environment.trust() is not first


def test_an_authority_that_was_replaced_in_place_counts_for_the_next_client(net: Network, shell: Shell) -> None:
    old, server = net.authority, net.serve(serves, "127.0.0.1")
    net.authority = trustme.CA()
    new_server = net.serve(serves, "127.0.0.1")
    net.authority.cert_pem.write_to_path(os.environ["SSL_CERT_FILE"])
    with User(shell, server.url) as one, User(shell, new_server.url) as other:
        assert one.fails("r1").outcome is Outcome.NOT_PLACED
        assert other.calls("r1")
    old.cert_pem.write_to_path(os.environ["SSL_CERT_FILE"])
    with User(shell, server.url) as one:
        assert one.calls("r1")


def test_our_pool_is_below_httpx_s_own_transport(net: Network, user: To) -> None:
    one = user(net.serve(serves).url)
    assert type(one.client._session._transport) in {httpx.HTTPTransport, httpx.AsyncHTTPTransport}
    assert one.pool._size == environment.MAX_CONNECTIONS == 100


def test_an_httpx_that_keeps_its_pool_elsewhere_is_refused() -> None:
    transport = httpx.HTTPTransport()
    del transport._pool
    with pytest.raises(ConfigurationError, match="httpx: this version is too new"):
        replace_pool(transport, object())


def test_a_connection_whose_rest_cannot_be_seen_is_not_kept() -> None:
    class Changed:
        def is_idle(self) -> bool:
            return True

    assert not ended_cleanly(Changed())
    assert not ended_cleanly(httpcore.HTTPProxy("http://proxy:3128"))
    assert not ended_cleanly(httpcore.HTTPConnection(httpcore.Origin(b"http", b"127.0.0.1", 9)))
