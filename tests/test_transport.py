import sys
from pathlib import Path

import httpx
import pytest
import trustme

from autocall_otp import AsyncClient, Client, ConfigurationError, Outcome, _transport
from autocall_otp._direct import AsyncConnection, Connection
from autocall_otp._transport import proxy_for


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "proxy:3128"}, "http://proxy:3128"),
        ({"ALL_PROXY": "socks5://proxy:1080"}, "socks5://proxy:1080"),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.vn"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"}, "http://proxy:3128"),
    ],
)
def test_the_environment_s_proxy(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], proxy: str | None) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for("https://api.example.vn") == proxy


def test_a_loopback_address_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("ALL_PROXY", "http://proxy:3128")
    assert _transport._options("http://127.0.0.1:4010")["proxy"] is None


def test_clients_share_their_trust_settings() -> None:
    first, second = (_transport._options("https://api.example.vn")["verify"] for _ in range(2))
    assert first is second


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SSL_CERT_FILE", "no-such-file.pem", "SSL_CERT_FILE or SSL_CERT_DIR: cannot be read"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE or SSL_CERT_DIR: cannot be read"),
        ("HTTPS_PROXY", "ftp://us3r:pr0xy-pass@proxy", "is not the URL of a proxy"),
        ("HTTPS_PROXY", "http://us3r:pr0xy-pass@proxy:port", "is not the URL of a proxy"),
    ],
)
def test_an_environment_that_cannot_be_used_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, kind: type[Client] | type[AsyncClient], variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        kind("api.example.vn", "t")
    assert words in str(caught.value)
    assert "pr0xy-pass" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_socks_proxy_without_its_package_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    with pytest.raises(ConfigurationError, match=r"httpx\[socks\]"):
        Client("api.example.vn", "t")


def test_why_the_trust_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "no-such-file.pem")
    with pytest.raises(ConfigurationError) as caught:
        Client("api.example.vn", "t")
    assert str(caught.value) == "SSL_CERT_FILE or SSL_CERT_DIR: cannot be read: No such file or directory"
    assert caught.value.outcome is Outcome.NOT_PLACED


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("ftp://proxy", "proxy of the environment: is not the URL of a proxy"),
        ("socks5://proxy", "proxy of the environment: is SOCKS, which needs: pip install 'httpx[socks]'"),
    ],
)
def test_what_is_wrong_with_a_proxy_is_said(monkeypatch: pytest.MonkeyPatch, proxy: str, words: str) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigurationError) as caught:
        Client("api.example.vn", "t")
    assert str(caught.value) == words


def test_each_lane_is_one_connection() -> None:
    for url in ("https://api.example.vn", "http://127.0.0.1:4010"):
        limits = _transport._options(url)["limits"]
        assert (limits.max_connections, limits.max_keepalive_connections) == (1, 1)
        assert limits.keepalive_expiry is None, "the free list alone decides how long a connection may be idle"
    assert _transport.MAX_CONNECTIONS == 100


def test_a_connection_may_be_idle_for_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    lanes = _transport.sync_lanes("http://127.0.0.1:4010", 1, fast=False)
    request = httpx.Request("GET", "http://127.0.0.1:4010/", extensions={"timeout": {"pool": 1.0}, "deadline": 9999.0})
    for idle, is_kept in ((29.9, True), (30.1, False)):
        lane = lanes.take(request)
        lanes.give_back(lane, whole=True)
        now += idle
        again = lanes.take(request)
        lanes.give_back(again, whole=True)
        assert (again is lane) is is_kept, idle
    lanes.close()


def test_trust_is_that_of_the_variables_at_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    before = _transport._options("https://api.example.vn")["verify"]
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    after = _transport._options("https://api.example.vn")["verify"]
    assert before is not after
    assert len(after.get_ca_certs()) == 1
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert _transport._options("https://api.example.vn")["verify"] is not after


def test_plain_http_trusts_nobody_and_has_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy:3128")
    found = _transport._options("http://127.0.0.1:4010")
    assert found["proxy"] is None
    assert found["verify"].get_ca_certs() == []
    assert _transport._options("https://api.example.vn")["proxy"] == "http://proxy:3128"


def test_a_client_s_connections_trust_whom_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    trust = _transport._options("https://api.example.vn")["verify"]
    sync = _transport.sync_lanes("https://api.example.vn", 1, fast=False)._free._lanes[0].transport
    tasks = _transport.async_lanes("https://api.example.vn", 1, fast=False)._free._lanes[0].transport
    assert isinstance(sync, Connection)
    assert isinstance(tasks, AsyncConnection)
    assert sync._trust is tasks._trust is trust
