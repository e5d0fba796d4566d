from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from autocall_otp._log_filter import current_secrets, install

if TYPE_CHECKING:
    from collections.abc import Iterator

MASKED = (
    "asyncio", "autocall_otp", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy",
    "httpcore.socks", "httpx",
)  # fmt: skip
CODED = ("hpack.hpack", "hpack.table")


@pytest.fixture
def under_way() -> Iterator[None]:
    """A request whose token must not be shown."""
    install()
    mark = current_secrets.set({"t0ken": "***"})
    yield
    current_secrets.reset(mark)


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.usefixtures("under_way")
def test_what_a_library_says_of_our_request_is_masked(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, name)
    logging.getLogger(name).debug("sent %r with %d %%", "Bearer t0ken", 5)
    assert [(each.name, each.getMessage(), each.args) for each in caplog.records] == [
        (name, "sent 'Bearer ***' with 5 %", None)
    ]


@pytest.mark.parametrize("name", CODED)
@pytest.mark.usefixtures("under_way")
def test_what_no_mask_can_find_is_not_said(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, name)
    logging.getLogger(name).debug("Adding %r", b"\x86\x12")
    assert caplog.records == []


@pytest.mark.parametrize("name", [*MASKED, *CODED])
def test_what_it_says_of_another_s_request_is_left_alone(name: str, caplog: pytest.LogCaptureFixture) -> None:
    install()
    assert current_secrets.get() is None
    caplog.set_level(logging.DEBUG, name)
    logging.getLogger(name).debug("sent %s", "t0ken")
    assert [(each.msg, each.args) for each in caplog.records] == [("sent %s", ("t0ken",))]


@pytest.mark.parametrize("name", [*MASKED, *CODED])
def test_each_logger_has_one_filter_of_ours_however_often_it_is_installed(name: str) -> None:
    install()
    before = list(logging.getLogger(name).filters)
    install()
    assert logging.getLogger(name).filters == before
    assert len(before) == len(set(map(id, before))) >= 1


@pytest.mark.usefixtures("under_way")
def test_a_logger_that_nobody_named_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "another")
    logging.getLogger("another").debug("t0ken")
    assert caplog.messages == ["t0ken"]
