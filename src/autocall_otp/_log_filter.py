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
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "httpx",
)
# These log headers in the coded form of HTTP/2, which anyone can decode and no mask can find.
_CODED = ("hpack.hpack", "hpack.table")


def _hide(record: logging.LogRecord) -> bool:
    """Rewrite a record of our own request."""
    secrets = current_secrets.get()
    if secrets is not None:
        record.msg, record.args = hide_in_words(record.getMessage(), secrets), None
    return True


def _drop(_: logging.LogRecord) -> bool:
    """Drop a record of our own request."""
    return current_secrets.get() is None


def install() -> None:
    """Filter the libraries' loggers. Doing it twice changes nothing: a logger keeps one of each filter."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_hide)
    for name in _CODED:
        logging.getLogger(name).addFilter(_drop)
