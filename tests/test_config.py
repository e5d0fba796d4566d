"""Settings: arguments first, then the environment; refused by name when the client is made."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import KINDS
from support.flows import settings

from autocall_otp import AsyncClient, Client, ConfigurationError, Outcome, Retry
from autocall_otp._config import read_host

NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,9}){1,3}", fullmatch=True)


@given(
    NAMES, st.none() | st.integers(1, 65535), st.sampled_from(["", "https://", "HTTPS://"]), st.sampled_from(["", "/"])
)
def test_a_host_is_a_name_or_a_url_without_a_path(name: str, port: int | None, scheme: str, slash: str) -> None:
    address = name if port is None else f"{name}:{port}"
    url = read_host(f" {scheme}{address}{slash} ")
    assert url == f"https://{address}"
    assert httpx.URL(f"{url}/v3").host == name


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:4010", "http://localhost:4010", "http://[::1]:4010", "http://127.0.0.2"),
        *("https://ví-dụ.vn", "https://api_1.example.vn", "https://[2001:DB8::1]:8443", f"https://{'a' * 63}.vn."),
    ],
)
def test_plain_http_is_for_this_machine_and_tls_for_any_name_that_can_be_looked_up(url: str) -> None:
    assert read_host(url) == url


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("", "give the host"), (" ", "give the host"), (7, "give the host"),
        ("http://api.example.vn", "in clear"), ("http://127.0.0.1.example.vn", "in clear"),
        ("http://localhost.example.vn", "in clear"), ("ftp://x", "https://"), ("https://", "https://"),
        ("https://a b", ""), ("api.example.vn:port", "not a host name or a URL"), ("http://[::1", "not a host name"),
        ("https://user:pw@api.example.vn", "credentials"), ("https://api.example.vn/?a=1", "query"),
        ("https://api.example.vn/#x", "fragment"), ("https://api.example.vn/gateway/", "must not have a path"),
        ("https://api.example.vn/\x01", ""), ("a..vn", "not a host name or a URL"), (f"{'a' * 64}.vn", ""),
        (f"{'a.' * 130}vn", ""), ("{{API_HOST}}", "not a host name"), ("https://{{API_HOST}}/", "not a host name"),
        ("api.example.vn\\x", ""), ("a%2fb.vn", ""), ("*.example.vn", ""), ("a,b", ""), ("api.example.vn:0", ""),
    ],
)  # fmt: skip
def test_other_hosts_are_refused(host: Any, why: str) -> None:
    with pytest.raises(ConfigurationError, match="^host: ") as caught:
        read_host(host)
    assert why in str(caught.value)
    assert (caught.value.outcome, caught.value.retryable) == (Outcome.NOT_PLACED, False)
    assert "pw" not in str(caught.value)


@given(st.text())
def test_no_host_is_taken_that_cannot_be_asked(text: str) -> None:
    try:
        url = read_host(text)
    except ConfigurationError:
        return
    assert httpx.URL(url).host
    assert httpx.URL(url).raw_path == b"/"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("campaign_uuid", "x"), ("campaign_uuid", 7), ("template", ""), ("template", "a\nb"), ("template", 7),
        ("timeout", 0), ("timeout", -1), ("timeout", "5"), ("timeout", float("nan")), ("timeout", True),
        ("timeout", (1, 2)), ("timeout", httpx.Timeout(-1)), ("timeout", httpx.Timeout(float("nan"))),
        ("timeout", httpx.Timeout(5, read="5")), ("deadline", 0), ("deadline", -1), ("deadline", None),
        ("deadline", float("inf")), ("deadline", float("nan")), ("deadline", 2_147_484), ("deadline", "30"),
        ("retry", None), ("retry", 3), ("timezone", "Mars/Olympus"), ("timezone", 7), ("timezone", "../UTC"),
        ("timezone", "Asia"), ("timezone", tzinfo()), ("max_response_bytes", 0), ("max_response_bytes", 1.5),
        ("max_response_bytes", True), ("max_response_bytes", 2**31),
        ("transport", "fast"), ("transport", object()), ("transport", httpx.Client), ("token", ""), ("host", None),
        ("allow_international", "false"), ("allow_international", None),
    ],
)  # fmt: skip
@KINDS
def test_a_setting_that_cannot_be_used_is_named_when_the_client_is_made(
    kind: type[Any], argument: str, value: object
) -> None:
    given = {"host": "api.example.vn", "token": "t"} | {argument: value}
    with pytest.raises(ConfigurationError, match=f"^{argument}: ") as caught:
        kind(**given)
    assert (caught.value.outcome, caught.value.ref_id) == (Outcome.NOT_PLACED, None)


def test_a_transport_of_the_other_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="^transport: must be an httpx.BaseTransport, or left out$"):
        Client("api.example.vn", "t", transport=httpx.AsyncHTTPTransport())  # type: ignore[arg-type] # refused, too
    with pytest.raises(ConfigurationError, match="^transport: must be an httpx.AsyncBaseTransport, or left out$"):
        AsyncClient("api.example.vn", "t", transport=httpx.HTTPTransport())  # type: ignore[arg-type] # refused, too
    with pytest.raises(ConfigurationError, match='^transport: "fast" is gone: .*aiohttp'):
        AsyncClient("api.example.vn", "t", transport="fast")  # type: ignore[arg-type] # refused, too


@KINDS
def test_what_is_of_httpx2_is_refused_by_name(kind: type[Any]) -> None:
    """An application may bring both libraries, and their objects look alike."""
    for name in ("timeout", "transport"):
        foreign = type("Foreign", (), {"__module__": "httpx2._config"})()
        with pytest.raises(ConfigurationError, match=f"^{name}: is of httpx2"):
            kind("api.example.vn", "t", **{name: foreign})


def test_the_environment_fills_the_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_API_HOST", "env.example.vn")
    monkeypatch.setenv("AUTOCALL_CAMPAIGN_UUID", "00000000-0000-4000-8000-000000000001")
    monkeypatch.setenv("AUTOCALL_TEMPLATE", "from_env")
    found = settings(host=None, campaign_uuid=None, template=None)
    assert (found.base_url, found.template) == ("https://env.example.vn", "from_env")
    assert found.campaign_uuid == UUID("00000000-0000-4000-8000-000000000001")
    assert settings(template="given").template == "given"
    assert settings().base_url == "https://api.example.vn"
    monkeypatch.setenv("AUTOCALL_CAMPAIGN_UUID", "x")
    with pytest.raises(ConfigurationError, match="campaign_uuid"):
        settings(campaign_uuid=None)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_HOST", "TOKEN", "CAMPAIGN_UUID", "TEMPLATE"):
        monkeypatch.setenv(f"AUTOCALL_{name}", "")
    assert (settings(campaign_uuid=None).campaign_uuid, settings(template=None).template) == (None, None)
    with pytest.raises(ConfigurationError, match="AUTOCALL_API_HOST"):
        Client(token="t")
    with pytest.raises(ConfigurationError, match="AUTOCALL_TOKEN"):
        Client("api.example.vn")


def test_a_time_out_bounds_each_phase() -> None:
    assert settings(timeout=3).timeout == httpx.Timeout(3)
    assert settings(timeout=None).timeout == httpx.Timeout(None)
    assert settings(timeout=httpx.Timeout(1, read=9)).timeout == httpx.Timeout(1, read=9)
    assert settings(timeout=httpx.Timeout(float("inf"))).timeout == httpx.Timeout(None)


def test_times_are_vietnam_s_where_nothing_else_is_said() -> None:
    moment = datetime(2023, 3, 7, 10, 0)  # noqa: DTZ001 - the zone is what is asked for
    # Neither needs the zone data of the machine, which may be missing.
    assert settings(timezone="Asia/Ho_Chi_Minh").timezone is settings().timezone
    assert settings().timezone.utcoffset(moment) == timedelta(hours=7)
    assert settings(timezone="UTC").timezone is settings(timezone=UTC).timezone is UTC
    assert settings(timezone="Asia/Tokyo").timezone == ZoneInfo("Asia/Tokyo")


def test_a_refused_setting_keeps_no_value_in_its_causes() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(template="s3cret\n")
    assert caught.value.__suppress_context__
    assert "s3cret" not in str(caught.value)


@KINDS
def test_what_a_client_is_set_up_with_where_nothing_else_is_said(kind: type[Any]) -> None:
    client = kind("api.example.vn", "t")
    found = client._settings
    assert (client.deadline, client.host) == (30.0, "https://api.example.vn")
    assert found.timeout == httpx.Timeout(10.0, connect=5.0)
    assert (found.retry, found.max_response_bytes, found.allow_international) == (Retry(), 1_048_576, False)
