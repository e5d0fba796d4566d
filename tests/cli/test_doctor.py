"""`doctor`: each thing that can be wrong is told apart, with what to do about it."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from support import forward_proxy

from autocall_otp.sandbox import Sandbox
from cli.conftest import Run


@contextmanager
def service(status: int = 404, skew: float = 0.0, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A service that answers everything with one status, and whose clock goes wrong."""
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Authorization"] if self.path == "/" else None)
            self.send_response_only(status)
            self.send_header("Date", formatdate(time.time() + skew, usegmt=True))
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
    assert set(seen) <= {None}, "the first look at a host carries no token"


def checks(run: Run, *arguments: str, code: int) -> dict[str, dict[str, Any]]:
    ran = run("doctor", "--json", *arguments)
    assert ran.exit_code == code, ran.stdout + ran.stderr
    for line in ran.lines:
        assert set(line) == {"type", "name", "status", "detail", "advice"}
    return {line["name"]: line for line in ran.lines}


@pytest.mark.usefixtures("environment")
def test_all_is_well(run: Run, sandbox: Sandbox) -> None:
    found = checks(run, code=0)
    assert list(found) == ["versions", "name", "connection", "clock", "token"]
    assert {check["status"] for check in found.values()} == {"ok"}
    shown = run("doctor")
    assert shown.exit_code == 0
    assert "ok       token       accepted" in shown.stdout
    assert sandbox.calls == []


@pytest.mark.usefixtures("environment")
def test_a_refused_token(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "stale")
    token = checks(run, code=1)["token"]
    assert token["detail"] == "refused (401); it comes from AUTOCALL_TOKEN"
    assert token["advice"] == "ask for a fresh token"
    assert "ask for a fresh token" in run("doctor").stdout


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("status", "word"), [(403, "not allowed"), (500, "cannot tell"), (200, "cannot tell")])
def test_other_answers_to_the_look_up(run: Run, monkeypatch: pytest.MonkeyPatch, status: int, word: str) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "t")
    with service(status) as url:
        token = checks(run, "--host", url, code=0 if status == 500 else 1)["token"]
    assert token["detail"].startswith(word)
    assert token["advice"]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("skew", "status"), [(0, "ok"), (25, "ok"), (300, "failed"), (-300, "failed")])
def test_a_clock_that_is_wrong(run: Run, monkeypatch: pytest.MonkeyPatch, skew: float, status: str) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "t")
    with service(skew=skew) as url:
        clock = checks(run, "--host", url, code=0 if status == "ok" else 1)["clock"]
    assert clock["status"] == status
    if skew:
        assert status == "ok" or ("behind" if skew > 0 else "ahead of") in clock["detail"]


@pytest.mark.usefixtures("home")
def test_certificates(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "t")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with service(context=context) as url:
        found = checks(run, "--host", url, code=1)
        assert found["connection"]["detail"].startswith("TLS: ")
        assert "SSL_CERT_FILE" in found["connection"]["advice"]
        assert found["clock"]["status"] == "skipped"
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        found = checks(run, "--host", url, code=0)
    assert "the certificate is trusted and good for" in found["connection"]["detail"]


@pytest.mark.usefixtures("home")
def test_a_host_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "t")
    found = checks(run, "--host", "http://127.0.0.1:1", code=1)
    assert found["connection"]["status"] == "failed"
    assert found["clock"]["status"] == found["token"]["status"] == "skipped"
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert checks(run, "--host", "no-such-host.invalid", code=1)["name"]["status"] == "failed"


@pytest.mark.usefixtures("home")
def test_missing_settings_are_told_before_anything_is_tried(run: Run) -> None:
    assert run("doctor").exit_code == 5
    assert run("doctor", "--host", "http://example.vn", "--json").lines[-1]["exit_code"] == 5


@pytest.mark.usefixtures("home")
def test_a_ca_bundle_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "t")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    ran = run("doctor", "--host", "api.example.vn")
    assert ran.exit_code == 5
    assert "SSL_CERT_FILE or SSL_CERT_DIR: cannot be read" in ran.stderr


@pytest.mark.usefixtures("home")
def test_through_a_proxy_it_looks_at_the_service_s_certificate(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "t")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    authority, seen = trustme.CA(), forward_proxy.Seen()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with forward_proxy.service(authority, seen) as upstream, forward_proxy.proxy(upstream, seen) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        found = checks(run, "--host", forward_proxy.HOST, code=1)
    assert found["name"]["status"] == "skipped"
    assert found["connection"]["detail"].startswith("TLSv1.")
    assert found["clock"]["status"] == "ok"
    assert found["token"]["detail"] == "cannot tell: a call that does not exist has a record"
    assert ["authorization" in request for request in seen.requests] == [False, True]
