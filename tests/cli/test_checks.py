"""The checks of `doctor`, one by one and to the letter."""

from __future__ import annotations

import platform
import re
import socket
import ssl
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import autocall_otp
from autocall_otp import ConfigurationError
from autocall_otp._cli import checks
from autocall_otp._cli.checks import Check, examine, look_up
from autocall_otp._cli.settings import Setting, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

HERE, FAR = "http://127.0.0.1:8000", "https://api.example.vn"
NOW = 1_780_000_000.0
DAY = 24 * 60 * 60
PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def _environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting and no proxy, and a clock that stands still."""
    assert home
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(checks, "time", SimpleNamespace(time=lambda: NOW))


class Service:
    """What the client's requests get for an answer, and what they were."""

    def __init__(self, answer: int | Exception = 404) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return httpx.Response(self._answer, json={"id": "1"})

    def settings(self, host: str = HERE) -> Settings:
        """Settings of its clients."""
        each = {
            "host": Setting("host", host, "option", "--host"),
            "token": Setting("token", "s4ndbox-t0ken", "environment", "AUTOCALL_TOKEN"),
            "campaign_uuid": Setting("campaign_uuid", None, "unset", None),
            "template": Setting("template", None, "unset", None),
        }
        return Settings(
            Path("config.toml"), found=False, each=each, transport=lambda _: httpx.MockTransport(self._respond)
        )


def settings(host: str = HERE) -> Settings:
    """Settings of a client whose token is taken."""
    return Service().settings(host)


class Host:
    """What the first look at a host finds, and how it was looked at."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.date: str | None = formatdate(NOW, usegmt=True)
        self.tls: Any = None
        self.base_urls: list[str] = []
        self.requests: list[httpx.Request] = []

    def connections(self, base_url: str) -> httpx.BaseTransport:
        self.base_urls.append(base_url)
        return httpx.MockTransport(self.respond)

    def respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.error:
            raise self.error
        stream = SimpleNamespace(get_extra_info={"ssl_object": self.tls}.get)
        headers = {} if self.date is None else {"Date": self.date}
        return httpx.Response(404, headers=headers, extensions={"network_stream": stream})

    def good_for(self, seconds: float) -> None:
        """Give it a certificate."""
        end = formatdate(NOW + seconds, usegmt=True).split()
        not_after = f"{end[2]} {end[1]} {end[4]} {end[3]} GMT"
        self.tls = SimpleNamespace(version=lambda: "TLSv1.3", getpeercert=lambda: {"notAfter": not_after})


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    looked_at = Host()
    monkeypatch.setattr(checks, "connections", looked_at.connections)
    return looked_at


def resolver(result: object) -> Callable[[str, None], Any]:
    """In place of the machine's resolver, for one name."""

    def resolve(name: str, port: None) -> Any:
        assert (name, port) == ("api.example.vn", None)
        if isinstance(result, Exception):
            raise result
        return result

    return resolve


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [(socket.AF_INET, 1, 6, "", (address, 0)) for address in ("192.0.2.9", "192.0.2.10", "192.0.2.9")]
    monkeypatch.setattr(socket, "getaddrinfo", resolver([*entries, (socket.AF_INET6, 1, 6, "", ("::7", 0, 0, 0))]))


def check(name: str, found: Settings) -> Check:
    (one,) = [each for each in examine(found) if each.name == name]
    return one


def test_all_that_is_well(host: Host) -> None:
    versions = [
        f"autocall-otp {autocall_otp.__version__}",
        f"Python {platform.python_version()}",
        f"httpx {httpx.__version__}",
        ssl.OPENSSL_VERSION,
    ]
    assert list(examine(settings())) == [
        Check("versions", "ok", ", ".join(versions), None),
        Check("name", "ok", "127.0.0.1 is 127.0.0.1", None),
        Check("connection", "ok", "http://127.0.0.1:8000 answers, without TLS: it is this machine", None),
        Check("clock", "ok", "within 30 s of the host's", None),
        Check("token", "ok", "accepted", None),
    ]
    assert host.base_urls == [HERE]


def test_what_is_found_has_no_advice_unless_there_is_some() -> None:
    assert Check("token", "ok", "accepted").advice is None


def test_settings_that_cannot_be_used_are_told_before_anything_is_sent(host: Host) -> None:
    found = examine(settings("http://example.vn"))
    assert next(found).name == "versions"
    with pytest.raises(ConfigurationError):
        next(found)
    assert host.requests == []


@pytest.mark.usefixtures("resolved")
def test_a_name_has_its_addresses_each_once_and_in_order(host: Host) -> None:
    host.good_for(DAY)
    assert check("name", settings(FAR)) == Check("name", "ok", "api.example.vn is 192.0.2.10, 192.0.2.9, ::7", None)


def test_a_name_that_no_resolver_knows(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.error = httpx.ConnectError("[Errno -2] Name or service not known")
    monkeypatch.setattr(socket, "getaddrinfo", resolver(socket.gaierror(-2, "Name or service not known")))
    assert check("name", settings(FAR)) == Check(
        "name", "failed", "api.example.vn: Name or service not known", "check the host, and this machine's DNS"
    )


@pytest.mark.parametrize("name", ["api..vn", f"{'a' * 64}.vn"])
def test_a_name_that_no_host_can_have_is_a_wrong_setting(name: str) -> None:
    with pytest.raises(ConfigurationError, match="^host: is not a host name or a URL$"):
        list(examine(settings(name)))


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_looks_the_name_up(host: Host, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    host.good_for(DAY)
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert check("name", settings(FAR)) == Check(
        "name", "skipped", "the proxy of the environment looks api.example.vn up", None
    )
    # No proxy sees what goes to this machine.
    assert check("name", settings()).status == "ok"


def test_the_first_look_asks_for_the_root_with_patience_and_without_the_token(host: Host) -> None:
    assert check("connection", settings(f"{HERE}/api/")).status == "ok"
    (request,) = host.requests
    assert (request.method, str(request.url)) == ("GET", f"{HERE}/api")
    assert "authorization" not in request.headers
    assert request.extensions["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"), 10.0)


@pytest.mark.usefixtures("resolved")
@pytest.mark.parametrize(
    ("seconds", "days"), [(30 * DAY, 30), (30 * DAY - 1, 29), (DAY, 1), (DAY - 1, 0), (0, 0), (-1, -1)]
)
def test_whole_days_that_a_certificate_is_good_for(host: Host, seconds: float, days: int) -> None:
    host.good_for(seconds)
    found = list(examine(settings(FAR)))
    wanted = f"TLSv1.3, the certificate is trusted and good for {days} more days"
    assert found[2] == Check("connection", "ok", wanted, None)
    assert host.base_urls == [FAR]


def refused_certificate() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1006)")
    error.verify_message = "unable to get local issuer certificate"
    return error


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def after(error: Exception, context: Exception) -> Exception:
    error.__context__ = context
    return error


@pytest.mark.parametrize(
    "error",
    [
        caused(httpx.ConnectError("refused"), refused_certificate()),
        after(httpx.ConnectError("refused"), refused_certificate()),
        caused(httpx.ConnectTimeout("slow"), after(OSError("broken"), refused_certificate())),
        refused_certificate(),
    ],
)
def test_a_certificate_that_is_not_trusted(host: Host, error: Exception) -> None:
    host.error = error
    assert list(examine(settings()))[2:4] == [
        Check(
            "connection",
            "failed",
            "TLS: unable to get local issuer certificate",
            "if a company's proxy signs certificates here, point SSL_CERT_FILE at its CA bundle",
        ),
        Check("clock", "skipped", "the host was not reached", None),
    ]


@pytest.mark.parametrize(
    ("error", "detail", "advice"),
    [
        (httpx.ConnectTimeout("slow"), "no answer in time", "check the firewall, and whether HTTPS_PROXY must be set"),
        (httpx.ReadTimeout("slow"), "no answer in time", "check the firewall, and whether HTTPS_PROXY must be set"),
        (
            caused(httpx.ConnectError("[Errno 111] Connection refused"), OSError(111, "Connection refused")),
            "ConnectError: [Errno 111] Connection refused",
            "check the host and its port, the firewall, and HTTPS_PROXY",
        ),
        (
            PermissionError(13, "Permission denied"),
            "PermissionError: [Errno 13] Permission denied",
            "check the host and its port, the firewall, and HTTPS_PROXY",
        ),
    ],
)
def test_a_host_that_is_not_reached(host: Host, error: Exception, detail: str, advice: str) -> None:
    host.error = error
    assert list(examine(settings()))[2:] == [
        Check("connection", "failed", detail, advice),
        Check("clock", "skipped", "the host was not reached", None),
        Check("token", "ok", "accepted", None),
    ]


@pytest.mark.parametrize(
    ("skew", "found"),
    [
        (30.0, None),
        (-30.0, None),
        (31.0, "31 s ahead of the host"),
        (-31.0, "31 s behind the host"),
        (90.0, "90 s ahead of the host"),
        (-90.0, "90 s behind the host"),
    ],
)
def test_a_clock_may_differ_by_half_a_minute(host: Host, skew: float, found: str | None) -> None:
    host.date = formatdate(NOW - skew, usegmt=True)
    assert check("clock", settings()) == (
        Check("clock", "failed", found, "set this machine's clock, with NTP")
        if found
        else Check("clock", "ok", "within 30 s of the host's", None)
    )


@pytest.mark.parametrize(
    "date", [None, "", "soon", "1 Jan", "Thu, 01 Jan 99999 00:00:00 GMT", f"Thu, {'9' * 20} Jan 2026 00:00:00 GMT"]
)
def test_a_host_that_does_not_tell_its_time(host: Host, date: str | None) -> None:
    host.date = date
    assert check("clock", settings()) == Check("clock", "skipped", "the host does not tell its time", None)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    ("answer", "status", "detail", "advice"),
    [
        (404, "ok", "accepted", None),
        (401, "failed", "refused (401); it comes from AUTOCALL_TOKEN", "ask for a fresh token"),
        (403, "failed", "not allowed here (403)", "ask the provider what this token may do"),
        (
            500,
            "skipped",
            "cannot tell: the service answered 500",
            "mend what is above, or try again later",
        ),
        (
            httpx.ConnectError("refused"),
            "skipped",
            "cannot tell: the service was not reached: ConnectError",
            "mend what is above, or try again later",
        ),
        (
            200,
            "failed",
            "cannot tell: a call that does not exist has a record",
            "check the host",
        ),
    ],
)
def test_what_the_look_up_of_nothing_tells_of_the_token(
    answer: int | Exception, status: str, detail: str, advice: str | None
) -> None:
    service = Service(answer)
    assert check("token", service.settings()) == Check("token", status, detail, advice)
    (request,) = service.requests
    assert request.headers["Authorization"] == "Bearer s4ndbox-t0ken"
    assert re.fullmatch("/v3/autocall/log/autocall-otp-doctor-[^/]{16,}/ref_id", request.url.path)


@pytest.mark.usefixtures("host")
def test_each_look_up_of_nothing_has_a_reference_of_its_own() -> None:
    service = Service()
    found = service.settings()
    assert check("token", found) == check("token", found)
    assert len({request.url.path for request in service.requests}) == 2


@pytest.mark.parametrize(
    ("answer", "status", "detail", "advice"),
    [
        (200, "ok", "there is a record", None),
        (404, "failed", "there is no record", "give the reference of a call that was placed"),
        (502, "failed", "the service answered 502", "send the recording: its answer is in it"),
    ],
)
def test_a_call_that_was_placed_before_is_looked_up_once(
    answer: int | Exception, status: str, detail: str, advice: str | None
) -> None:
    service = Service(answer)
    assert look_up(service.settings(), "R1") == Check("look-up", status, detail, advice)
    (request,) = service.requests
    assert request.url.path == "/v3/autocall/log/R1/ref_id"
