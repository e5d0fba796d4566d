"""What is logged, by us and by the libraries below us."""

import importlib
import logging
from collections.abc import Iterator
from unittest.mock import Mock

import httpx
import pytest
from support.clients import ask
from support.flows import CODE, NUMBER, TOKEN
from support.page import payload

from autocall_otp import Client, Retry
from autocall_otp._log import current_secrets, filter_libraries, logger
from autocall_otp._redact import Secrets

ANSWER = payload("run_otp.answer")
MASKED = [
    *("aiohttp.client", "asyncio", "autocall_otp", "httpcore2.http11", "httpx", "httpx2"),
    *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
]
CODED = ["hpack.hpack", "hpack.table"]


@pytest.fixture
def _under_way() -> Iterator[None]:
    """A request of ours is under way in this thread."""
    mark = current_secrets.set(Secrets(codes=[CODE], numbers=[NUMBER], tokens=[TOKEN]))
    yield
    current_secrets.reset(mark)


def test_it_is_called_as_the_package_and_says_nothing_where_nobody_listens() -> None:
    assert logger is logging.getLogger("autocall_otp")
    assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]


@pytest.mark.usefixtures("_under_way")
@pytest.mark.parametrize("name", MASKED)
def test_what_a_library_says_of_our_request_holds_no_secret(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, name)
    logging.getLogger(name).debug("sent %r to %s with %d %%", f"Bearer {TOKEN}", NUMBER, 5)
    logging.getLogger(name).debug("sent %r", {"body": f'{{"code_otp":"{CODE}"}}'.encode()})
    assert caplog.messages == [
        "sent 'Bearer ***' to 0332***711 with 5 %",
        """sent {'body': b'{"code_otp":"***"}'}""",
    ]
    assert [record.args for record in caplog.records] == [None, None]


@pytest.mark.usefixtures("_under_way")
def test_what_no_mask_can_find_is_not_logged_and_a_logger_of_the_application_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in (*CODED, "another"):
        caplog.set_level(logging.DEBUG, name)
        logging.getLogger(name).debug(TOKEN)
    assert [(record.name, record.msg) for record in caplog.records] == [("another", TOKEN)]


@pytest.mark.parametrize("name", [*MASKED, *CODED])
def test_what_it_says_of_another_s_request_is_left_alone(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, name)
    logging.getLogger(name).debug("sent %s", TOKEN)
    assert [(record.msg, record.args) for record in caplog.records] == [("sent %s", (TOKEN,))]
    filters = list(logging.getLogger(name).filters)
    filter_libraries()
    assert logging.getLogger(name).filters == filters


def test_every_logger_of_httpcore_is_known() -> None:
    """A filter acts on its own logger alone, so a new one of theirs would pass it."""
    for name in ("_sync.http11", "_async.http11", "_sync.http_proxy", "_async.http_proxy", "_sync.connection"):
        assert importlib.import_module(f"httpcore.{name}").logger.name in MASKED


def test_each_attempt_is_logged_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    failure, taken = httpx.ConnectError(f"to {NUMBER} with {TOKEN}"), httpx.Response(200, json=ANSWER)
    reply = Mock(side_effect=[httpx.Response(429), failure, taken])
    with caplog.at_level(logging.DEBUG, "autocall_otp"):
        ask(Client, reply=reply, retry=Retry(base=0))
    sending = "POST /v3/autocall/otp, after a pause of 0.00 s"
    assert caplog.messages == [sending, "429", sending, "ConnectError", sending, "200"]


def test_an_odd_record_of_a_library_neither_ends_a_call_nor_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        library = logging.getLogger("httpx")
        library.info("%d for %s", NUMBER)
        library.info("failed", exc_info=ValueError(CODE))
        return httpx.Response(200, json=ANSWER, request=request)

    with caplog.at_level(logging.INFO, "httpx"):
        ask(Client, reply=reply)
    assert "failed" in caplog.text
    assert not [secret for secret in (CODE, NUMBER[1:]) if secret in caplog.text]


@pytest.mark.usefixtures("_under_way")
def test_the_password_of_a_socks_proxy_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpcore.socks").debug("setup.started stream=1 auth=(b'user', b's3cret)pw') port=1080")
    assert caplog.messages == ["setup.started stream=1 auth=*** port=1080"]
