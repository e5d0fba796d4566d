"""The SDK's one logger, `autocall_otp`: silent unless the application listens.

While a request of ours is under way, the loggers of the libraries below are filtered: no record shows a secret.
"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar

from autocall_otp._redact import Secrets

logger = logging.getLogger("autocall_otp")
logger.addHandler(logging.NullHandler())

current_secrets: ContextVar[Secrets | None] = ContextVar("autocall_otp_secrets", default=None)
"""The secrets of the request under way in this thread or task."""

# A filter acts on the logger that a record is made by, not on its children, so each is named; httpx2 has its own.
_REDACTED = (
    "aiohttp.client",
    "asyncio",
    "autocall_otp",
    "httpx",
    "httpx2",
    *(
        f"{core}.{part}"
        for core in ("httpcore", "httpcore2")
        for part in ("connection", "http11", "http2", "proxy", "socks")
    ),
)
# These log headers in the coded form of HTTP/2, which anyone can decode and no mask can find.
_DROPPED = ("hpack.hpack", "hpack.table")


def _redact(record: logging.LogRecord) -> bool:
    """Rewrite a record of our own request."""
    secrets = current_secrets.get()
    if secrets is not None:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - what is wrong with a library's record must not end our request
            text = str(record.msg)
        # httpcore shows what a SOCKS proxy is sent.
        text = re.sub(r"\bauth=\(.*\)", "auth=***", text)
        record.msg, record.args = secrets.redact(text), None
        if record.exc_info:
            record.exc_text = secrets.redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
    return True


def _drop(_: logging.LogRecord) -> bool:
    """Drop a record of our own request."""
    return current_secrets.get() is None


def filter_libraries() -> None:
    """Filter the libraries' loggers. Doing it twice changes nothing: a logger keeps one of each filter."""
    for name in _REDACTED:
        logging.getLogger(name).addFilter(_redact)
    for name in _DROPPED:
        logging.getLogger(name).addFilter(_drop)
