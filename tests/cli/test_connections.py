"""Connections as a client would have them: the environment's trust and proxy, and neither on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from support import forward_proxy

from autocall_otp._cli.connections import connections
from autocall_otp.sandbox import Sandbox

URL = f"https://{forward_proxy.HOST}"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        for name in (scheme, scheme.lower()):
            monkeypatch.delenv(name, raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def proxied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[forward_proxy.Seen]:
    """A service that the proxy alone leads to, and whose authority the environment alone names."""
    authority, seen = trustme.CA(), forward_proxy.Seen()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with forward_proxy.service(authority, seen) as upstream, forward_proxy.proxy(upstream, seen) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        yield seen


def status(base_url: str) -> int:
    with httpx.Client(trust_env=False, transport=connections(base_url), timeout=20) as client:
        return client.get(base_url).status_code


def test_the_environment_names_whom_to_trust_and_the_proxy(proxied: forward_proxy.Seen) -> None:
    assert status(URL) == 200
    assert proxied.connects == [f"{forward_proxy.HOST}:443"]


def test_an_authority_that_the_environment_does_not_name_is_not_trusted(
    proxied: forward_proxy.Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        status(URL)
    assert proxied.requests == []


def test_without_tls_neither_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with Sandbox() as sandbox:
        assert status(sandbox.url) == 200
