from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from support.flows import settings

from autocall_otp import Client, ConfigurationError, Outcome, Retry
from autocall_otp._config import (
    DEFAULT_DEADLINE,
    DEFAULT_MAX_RESPONSE_BYTES,
    DEFAULT_TIMEOUT,
    DEFAULT_WAIT,
    VIETNAM,
    read_host,
    read_timeout,
)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("api.example.vn", "https://api.example.vn"),
        (" api.example.vn/ ", "https://api.example.vn"),
        ("api.example.vn:8443", "https://api.example.vn:8443"),
        ("https://api.example.vn/gateway/", "https://api.example.vn/gateway"),
        ("https://api.example.vn/X/", "https://api.example.vn/X"),
        ("http://127.0.0.1:4010", "http://127.0.0.1:4010"),
        ("http://localhost:4010", "http://localhost:4010"),
        ("http://[::1]:4010", "http://[::1]:4010"),
        ("https://ví-dụ.vn", "https://ví-dụ.vn"),
        (f"{'a' * 63}.vn.", f"https://{'a' * 63}.vn."),
    ],
)
def test_a_host_is_a_name_or_a_url(host: str, url: str) -> None:
    assert read_host(host) == url


@pytest.mark.parametrize(
    "host",
    ["", " ", "http://api.example.vn", "http://127.0.0.1.example.vn", "http://localhost.example.vn", "ftp://x",
     "https://user:pw@api.example.vn", "https://api.example.vn/?a=1", "https://api.example.vn/#x", "https://",
     "api.example.vn:port", "http://[::1", "https://a b", "https://api.example.vn/\x01", 7],
)  # fmt: skip
def test_other_hosts_are_refused(host: Any) -> None:
    with pytest.raises(ConfigurationError, match="^host: ") as caught:
        read_host(host)
    assert caught.value.outcome is Outcome.NOT_PLACED
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("campaign_uuid", "x"), ("template", ""), ("timeout", 0), ("timeout", "5"), ("deadline", -1),
        ("retry", None), ("retry", 3), ("timezone", "Mars/Olympus"), ("timezone", 7),
        ("timezone", "../UTC"), ("timezone", "Asia"),
        ("max_response_bytes", 0), ("max_response_bytes", 1.5),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(argument: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"^{argument}: "):
        settings(**{argument: value})


def test_the_environment_fills_the_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_API_HOST", "env.example.vn")
    monkeypatch.setenv("AUTOCALL_CAMPAIGN_UUID", "00000000-0000-4000-8000-000000000001")
    monkeypatch.setenv("AUTOCALL_TEMPLATE", "from_env")
    found = settings(host=None, campaign_uuid=None, template=None)
    assert (found.base_url, found.template) == ("https://env.example.vn", "from_env")
    assert found.campaign_uuid == UUID("00000000-0000-4000-8000-000000000001")
    given = settings(template="given")
    assert (given.base_url, given.template) == ("https://api.example.vn", "given")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_HOST", "TOKEN", "CAMPAIGN_UUID", "TEMPLATE"):
        monkeypatch.setenv(f"AUTOCALL_{name}", "")
    assert settings(campaign_uuid=None, template=None).template is None
    with pytest.raises(ConfigurationError, match="AUTOCALL_API_HOST"):
        Client(token="t")
    with pytest.raises(ConfigurationError, match="AUTOCALL_TOKEN"):
        Client("api.example.vn")


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_CAMPAIGN_UUID", "x")
    with pytest.raises(ConfigurationError, match="campaign_uuid"):
        settings(campaign_uuid=None)


def test_time_outs() -> None:
    assert settings(timeout=3).timeout == httpx.Timeout(3)
    assert settings(timeout=None).timeout == httpx.Timeout(None)
    own = httpx.Timeout(1, read=9)
    assert settings(timeout=own).timeout is own


def test_times_are_vietnam_s_unless_told_otherwise() -> None:
    moment = datetime(2023, 3, 7, 10, 0)  # noqa: DTZ001 - the zone is what is asked for
    assert settings().timezone.utcoffset(moment) == timedelta(hours=7)
    assert settings(timezone="Asia/Ho_Chi_Minh").timezone.utcoffset(moment) == timedelta(hours=7)
    # Neither needs the zone data of the machine, which may be missing.
    assert settings(timezone="Asia/Ho_Chi_Minh").timezone is settings().timezone is VIETNAM
    assert settings(timezone="UTC").timezone is UTC
    assert settings(timezone="Asia/Tokyo").timezone == ZoneInfo("Asia/Tokyo")
    assert settings(timezone=UTC).timezone is UTC


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"attempts": 1.5}, {"cap": -1}, {"base": float("nan")}])
def test_a_rule_for_retries_is_checked(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises((ValueError, TypeError), match=name):
        Retry(**wrong)


def test_no_retries() -> None:
    assert Retry.none().attempts == 1
    assert Retry.none().unknown_outcome is False


def test_what_a_client_is_set_up_with_unless_told_otherwise() -> None:
    assert httpx.Timeout(10.0, connect=5.0) == DEFAULT_TIMEOUT
    assert (DEFAULT_DEADLINE, DEFAULT_WAIT, DEFAULT_MAX_RESPONSE_BYTES) == (30.0, 120.0, 1_048_576)


def test_every_setting_arrives() -> None:
    rule, own = Retry(attempts=2), httpx.Timeout(1, read=9)
    found = settings(
        retry=rule, timeout=own, deadline=7, max_response_bytes=1, allow_international=1, timezone=UTC, template="t"
    )
    assert (found.retry, found.timeout, found.deadline, found.max_response_bytes) == (rule, own, 7.0, 1)
    assert (found.allow_international, found.timezone, found.template) == (True, UTC, "t")
    assert found.base_url == "https://api.example.vn"
    assert settings().allow_international is False
    assert (settings(campaign_uuid=None).campaign_uuid, settings(template=None).template) == (None, None)


def test_a_plain_time_out_bounds_every_phase() -> None:
    assert read_timeout(3).as_dict() == {"connect": 3.0, "read": 3.0, "write": 3.0, "pool": 3.0}
    assert set(read_timeout(None).as_dict().values()) == {None}


def test_a_refused_setting_keeps_no_value_in_its_causes() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(template="s3cret\n")
    assert caught.value.__suppress_context__
    with pytest.raises(ConfigurationError) as caught:
        settings(timezone="Mars/Olympus")
    assert isinstance(caught.value.__cause__, KeyError)
