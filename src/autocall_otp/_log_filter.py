"""Keeping secrets out of what the libraries below log, in the course of our own requests only."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar

from autocall_otp._secrets import hide_in_words

current_secrets: ContextVar[Mapping[str, str] | None] = ContextVar("autocall_otp_secrets", default=None)
"""The secrets of the request under way in this thread or task, and what may be shown for each."""

# A filter acts on the logger that a record is made by, not on its children, so each is named.
_LOGGERS = (
    "asyncio",
    "autocall_otp",
    "hpack.hpack",
    "hpack.table",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "httpx",
)


def _hide(record: logging.LogRecord) -> bool:
    """Rewrite a record of our own request; never drop one."""
    secrets = current_secrets.get()
    if secrets is not None:
        record.msg, record.args = hide_in_words(record.getMessage(), secrets), None
    return True


def install() -> None:
    """Filter the libraries' loggers. Doing it twice changes nothing: a logger keeps one of each filter."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_hide)
