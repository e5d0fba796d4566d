"""The checks of `doctor`: each proves what it says, and what cannot be known is said to be unknown."""

import socket
from collections.abc import Callable
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from faults.scripts import answers
from support.network import HOST, Network

from autocall_otp._cli import checks, recorder
from cli.conftest import TOKEN, Run

pytestmark = pytest.mark.usefixtures("environment")
NOT_FOUND, UNAUTHORIZED, FORBIDDEN = ({"error": text} for text in ("Not Found", "Unauthorized", "Forbidden"))
LOOK_UP = "/v3/autocall/log/"
Service = Callable[[Any], list[httpx.Request]]


def found(run: Run, *arguments: str, **environment: str) -> dict[str, dict[str, Any]]:
    """What each check found; the exit code is 1 if one failed."""
    ran = run("doctor", "--json", *arguments, **environment)
    lines = ran.all("check")
    assert ran.exit_code == (1 if "failed" in [line["status"] for line in lines] else 0)
    assert {frozenset(line) for line in lines} == {frozenset(("type", "name", "status", "detail", "advice"))}
    assert all(line["advice"] for line in lines if line["status"] == "failed")
    assert not ran.all("error"), "a failed check is a result"
    return {line["name"]: line for line in lines}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    """Let this stand in the place of the network; gives the list of requests."""

    def start(answer: Any) -> list[httpx.Request]:
        seen: list[httpx.Request] = []
        network = httpx.MockTransport(lambda request: seen.append(request) or answer(request))
        for module in (checks, recorder):
            monkeypatch.setattr(module, "plain_client", lambda _: httpx.Client(transport=network))
        return seen

    return start


def answering(real: Any, made_up: Any = None) -> Callable[[httpx.Request], httpx.Response]:
    """A service that gives the real token one answer to a look-up, and another one another."""

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith(LOOK_UP):
            assert "authorization" not in request.headers, "the first look at a host carries no token"
            return httpx.Response(404, headers={"Date": formatdate(usegmt=True)})
        given = real if request.headers["authorization"] == f"Bearer {TOKEN}" or made_up is None else made_up
        if isinstance(given, Exception):
            raise given
        status, body = given
        return httpx.Response(status, **{"html" if isinstance(body, str) else "json": body})

    return answer


@pytest.mark.parametrize(
    ("real", "made_up", "service_is", "token_is"),
    [
        ((404, NOT_FOUND), (401, UNAUTHORIZED), "ok", "ok"),
        ((404, NOT_FOUND), (403, FORBIDDEN), "ok", "ok"),
        ((404, NOT_FOUND), (404, NOT_FOUND), "ok", "unknown"),
        ((404, NOT_FOUND), (429, NOT_FOUND), "ok", "unknown"),
        ((404, NOT_FOUND), httpx.ConnectError("gone"), "ok", "unknown"),
        ((401, UNAUTHORIZED), None, "ok", "failed"),
        ((403, FORBIDDEN), None, "ok", "failed"),
        ((401, "<html>"), None, "failed", "failed"),
        ((404, "<html>not found"), None, "failed", "unknown"),
        ((404, ["error"]), None, "failed", "unknown"),
        ((404, {"detail": "Not Found"}), (401, UNAUTHORIZED), "unknown", "ok"),
        ((200, {"id": "1"}), None, "unknown", "unknown"),
        ((200, NOT_FOUND), (401, UNAUTHORIZED), "unknown", "ok"),
        ((502, "<html>"), None, "unknown", "unknown"),
        ((429, {"error": "Too Many Requests"}), (401, UNAUTHORIZED), "unknown", "unknown"),
        (httpx.ReadTimeout("slow"), None, "unknown", "unknown"),
    ],
)
def test_service_and_token_are_told_by_what_was_seen(
    run: Run, service: Service, real: Any, made_up: Any, service_is: str, token_is: str
) -> None:
    seen = service(answering(real, made_up))
    each = found(run)
    assert (each["service"]["status"], each["token"]["status"]) == (service_is, token_is), each
    assert each["service"]["status"] == "ok" or each["service"]["advice"]
    look_ups = [request.url.path for request in seen[1:]]
    assert len(look_ups) == len(set(look_ups)), "none asks for what another one asked for"
    assert all(path.startswith(f"{LOOK_UP}autocall-otp-doctor-") for path in look_ups), "no such call can exist"


@pytest.mark.parametrize("name", ["campaign_uuid", "template"])
def test_what_run_needs_is_checked(run: Run, name: str) -> None:
    variable = f"AUTOCALL_{name.upper()}"
    each = found(run, **{variable: ""})
    assert (each["settings"]["status"], each["settings"]["detail"]) == ("failed", f"`run` needs {name}")
    assert (variable in each["settings"]["advice"], "script" in each) == (True, False)


@pytest.mark.parametrize(
    ("date", "status", "words"),
    [
        (30, "ok", "within 30 s"),
        (-30, "ok", "within 30 s"),
        (31, "failed", "31 s behind the host"),
        (-31, "failed", "31 s ahead of the host"),
        ("", "unknown", "does not say what time it is"),
        ("soon", "unknown", "does not say what time it is"),
        (f"Thu, {'9' * 20} Jan 2026 00:00:00 GMT", "unknown", "does not say what time it is"),
    ],
)
def test_a_clock_may_differ_by_half_a_minute(
    run: Run, service: Service, monkeypatch: pytest.MonkeyPatch, date: int | str, status: str, words: str
) -> None:
    now = 1_780_000_000
    monkeypatch.setattr(checks, "time", SimpleNamespace(time=lambda: float(now)))
    sent = date if isinstance(date, str) else formatdate(now + date, usegmt=True)
    service(lambda _: httpx.Response(404, json=NOT_FOUND, headers={"Date": sent}))
    clock = found(run)["clock"]
    assert (clock["status"], words in clock["detail"]) == (status, True)


def test_a_host_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    each = found(run, "--host", "http://127.0.0.1:1")
    statuses = [each[name]["status"] for name in ("name", "connection", "clock", "service", "token", "script")]
    assert statuses == ["ok", "failed", *["unknown"] * 4]
    failed = socket.gaierror(-2, "Name or service not known")
    monkeypatch.setattr(checks.socket, "getaddrinfo", Mock(side_effect=failed))
    each = found(run, "--host", "http://localhost:1")
    assert (each["name"]["status"], each["name"]["detail"]) == ("failed", f"localhost: {failed.strerror}")


def test_an_answer_that_takes_too_long(run: Run, service: Service) -> None:
    service(Mock(side_effect=httpx.ConnectTimeout("slow")))
    connection = found(run)["connection"]
    assert (connection["detail"], "firewall" in connection["advice"]) == ("no answer in time", True)


def test_another_web_server_is_not_taken_for_the_service_and_its_certificate_is_checked(run: Run, net: Network) -> None:
    url = net.serve(answers(b"<html>", "404 Not Found"), "127.0.0.1").url
    trusted = found(run, "--host", url)
    assert trusted["connection"]["detail"] == f"{url} answers over TLS, and its certificate is trusted"
    assert (trusted["service"]["status"], trusted["token"]["status"]) == ("failed", "unknown")
    assert "something else answers there" in trusted["service"]["advice"]
    net.monkeypatch.delenv("SSL_CERT_FILE")
    connection = found(run, "--host", url)["connection"]
    assert (connection["detail"][:5], "SSL_CERT_FILE" in connection["advice"]) == ("TLS: ", True)


def test_through_a_proxy_it_looks_at_the_service(run: Run, net: Network) -> None:
    server, url = net.reach(answers(), "proxy")
    each = found(run, "--host", url)
    assert (each["name"]["status"], each["connection"]["status"]) == ("unknown", "ok")
    assert each["service"]["detail"].startswith("a look-up of a made-up call gets 200")
    proxy = net.servers[-1]
    assert {request.target for request in proxy.ledger.seen} == {f"{HOST}:443"}
    assert ["authorization" in request.headers for request in server.ledger.seen] == [False, True, True]


@pytest.mark.parametrize("exceptions", ["", "::1/128,10.0.0.0/8"])
def test_no_proxy_is_asked_for_this_machine(run: Run, net: Network, exceptions: str) -> None:
    url = net.serve(answers(), "127.0.0.1").url
    proxies = dict.fromkeys(("HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    each = found(run, "--host", url, NO_PROXY=exceptions, **proxies)
    assert (each["name"]["detail"], each["connection"]["status"]) == ("127.0.0.1 is 127.0.0.1", "ok")


def test_a_network_in_no_proxy_is_left_alone(run: Run, service: Service) -> None:
    service(answering((404, NOT_FOUND)))
    name = found(run, "--host", "https://192.0.2.1", HTTPS_PROXY="http://127.0.0.1:9", NO_PROXY="192.0.2.0/24")["name"]
    assert (name["status"], name["detail"]) == ("ok", "192.0.2.1 is 192.0.2.1")
