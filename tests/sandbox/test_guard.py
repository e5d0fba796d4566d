from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from autocall_otp.sandbox import Sandbox


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8025", "localhost.evil.test", "", "[::1", "127.0.0.1.evil.test"]
)
@pytest.mark.parametrize("path", ["/", "/sandbox/calls", "/sandbox/events"])
def test_a_foreign_host_is_refused(sandbox: Sandbox, path: str, host: str) -> None:
    answer = httpx.get(sandbox.url + path, headers={"Host": host})
    assert answer.status_code in {400, 403}, "400 is the server's own word for a host that is none"
    assert "calls" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8025", "LOCALHOST", "127.0.0.1:1", "[::1]:8025", socket.gethostname()])
def test_this_machines_names_and_addresses_are_let_in(sandbox: Sandbox, host: str) -> None:
    assert httpx.get(sandbox.url + "/sandbox/calls", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
        ({"Content-Type": "application/json"}, 204),
        ({"X-Autocall-Sandbox": "1"}, 204),
        ({"X-Autocall-Sandbox": "1", "Origin": "http://evil.test"}, 403),
        ({"X-Autocall-Sandbox": "1", "Origin": "null"}, 403),
        ({"Content-Type": "application/json", "Origin": "OWN"}, 204),
    ],
)
def test_a_change_must_be_no_simple_request_of_another_site(
    sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    own = {name: sandbox.url if value == "OWN" else value for name, value in headers.items()}
    assert httpx.post(sandbox.url + "/sandbox/reset", headers=own).status_code == status


def test_no_page_of_another_site_may_read(sandbox: Sandbox) -> None:
    answer = httpx.get(sandbox.url + "/sandbox/calls", headers={"Origin": "http://evil.test"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_page_allows_nothing_but_its_own_files(sandbox: Sandbox) -> None:
    for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")):
        answer = httpx.get(sandbox.url + path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"].startswith(kind)
    assert httpx.post(sandbox.url + "/", json={}).status_code == 405
    html = httpx.get(sandbox.url + "/").text
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html
