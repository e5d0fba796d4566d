"""The environment's proxy and CA bundle, with a real proxy and real TLS on this machine."""

from __future__ import annotations

import asyncio
import importlib.util
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from support.forward_proxy import HOST, Seen, proxy, service
from support.prism import settings

from autocall_otp import AsyncClient, AutocallError, Client, Outcome, Retry, TransportError

TOKEN = "made-up-token"  # as support.prism gives it


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A CA that only SSL_CERT_FILE makes known; no proxy setting of this machine is left."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    return made


@pytest.fixture
def upstream(authority: trustme.CA, seen: Seen) -> Iterator[int]:
    with service(authority, seen) as port:
        yield port


@pytest.fixture
def through(upstream: int, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with proxy(upstream, seen) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://us3r:pr0xy-pass@127.0.0.1:{port}")
        yield


def call(shell: str, **more: Any) -> str:
    """Place a call and look its record up; return the id that both name."""
    over: dict[str, Any] = {"transport": "fast"} if "fast" in shell else {}
    given = settings(HOST, retry=Retry.none(), **over, **more)

    async def ask() -> tuple[str, str | None]:
        async with AsyncClient(**given) as client:
            return (await client.run_otp("0332665711", "LUAN001")).call_id, (await client.get_cdr("r1")).id

    if "async" in shell:
        placed, found = asyncio.run(ask())
    else:
        with Client(**given) as client:
            placed, found = client.run_otp("0332665711", "LUAN001").call_id, client.get_cdr("r1").id
    assert placed
    assert found
    return placed


_missing = pytest.mark.skipif(importlib.util.find_spec("pycurl") is None, reason="the extra is not installed")
_fast = [pytest.param(f"{shell}, fast", marks=_missing) for shell in ("sync", "async")]
BOTH = pytest.mark.parametrize("shell", ["sync", "async", *_fast])


@BOTH
@pytest.mark.usefixtures("through")
def test_the_proxy_of_the_environment_leads_to_the_service(shell: str, seen: Seen) -> None:
    assert call(shell)
    assert set(seen.connects) == {f"{HOST}:443"}
    assert all(text and text.startswith("Basic ") for text in seen.credentials)
    assert [request["authorization"] for request in seen.requests] == [f"Bearer {TOKEN}"] * 2
    assert not [request for request in seen.requests if "proxy-authorization" in request]


@BOTH
@pytest.mark.usefixtures("through")
def test_the_proxy_sees_nothing_but_tls(shell: str, seen: Seen) -> None:
    call(shell)
    assert len(seen.relayed) > 1000
    for secret in (TOKEN, "LUAN001", "0332665711"):
        assert secret.encode() not in seen.relayed


@BOTH
@pytest.mark.usefixtures("through")
def test_no_proxy_is_kept(shell: str, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", HOST)
    with pytest.raises(TransportError) as caught:
        call(shell)
    assert (caught.value.outcome, seen.connects) == (Outcome.NOT_PLACED, [])


@BOTH
@pytest.mark.usefixtures("through")
def test_a_ca_that_the_environment_does_not_name_is_not_trusted(
    shell: str, seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "another.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "another.pem"))
    with pytest.raises(TransportError) as caught:
        call(shell)
    chain: BaseException | None = caught.value
    while chain and not isinstance(chain, ssl.SSLCertVerificationError):
        chain = chain.__cause__ or chain.__context__
    assert chain, "it is the certificate that was refused"
    assert (caught.value.outcome, caught.value.retryable, seen.requests) == (Outcome.NOT_PLACED, False, [])


@BOTH
@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses_places_no_call(
    shell: str, status: int, upstream: int, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(upstream, seen, refuse=status) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://us3r:pr0xy-pass@127.0.0.1:{port}")
        with pytest.raises(AutocallError) as caught:
            call(shell)
    assert (caught.value.outcome, seen.requests) == (Outcome.NOT_PLACED, [])
    assert "pr0xy-pass" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value}"
