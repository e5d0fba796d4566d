"""The SDK's one logger, `autocall_otp`: silent unless the application listens, and free of secrets."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from autocall_otp._answers import Answer
from autocall_otp._errors import AutocallError, Outcome
from autocall_otp._flow import Attempt, Flow

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger("autocall_otp")
logger.addHandler(logging.NullHandler())


def log_attempt(attempt: Attempt) -> None:
    """Say what is about to be sent; for DEBUG. The filter of the libraries' loggers masks its words, too."""
    if logger.isEnabledFor(logging.DEBUG):
        request = attempt.request
        logger.debug("%s %s, after a pause of %.2f s", request.method, request.url.path, attempt.delay)


def log_result(result: Answer | Exception) -> None:
    """Say what came of it; for DEBUG. Of a failure only its name: its words may quote what was sent."""
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s", type(result).__name__ if isinstance(result, Exception) else result.status_code)


def warns_of_doubt(use_case: Callable[P, Flow[T]]) -> Callable[P, Flow[T]]:
    """Warn where the phone may ring although the caller gets an error."""

    @functools.wraps(use_case)
    def flow(*args: P.args, **kwargs: P.kwargs) -> Flow[T]:
        try:
            return (yield from use_case(*args, **kwargs))
        except AutocallError as error:
            if error.outcome is Outcome.UNKNOWN:
                logger.warning("run_otp, ref_id %s, outcome UNKNOWN: %s", error.ref_id, error)
            raise

    return flow
