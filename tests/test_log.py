from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import pytest

from autocall_otp import AutocallError, Outcome
from autocall_otp._answers import Answer
from autocall_otp._flow import Attempt
from autocall_otp._log import log_attempt, log_result, logger, warns_of_doubt

if TYPE_CHECKING:
    from autocall_otp._flow import Flow

ATTEMPT = Attempt(httpx.Request("POST", "https://api.test/v3/autocall/otp?x=secret"), until=0.0, delay=0.256)


def test_it_is_called_as_the_package_and_says_nothing_by_itself() -> None:
    assert logger is logging.getLogger("autocall_otp")
    assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]


def test_each_request_and_what_came_of_it_is_told_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "autocall_otp"):
        log_attempt(ATTEMPT)
        log_result(Answer(404, httpx.Headers({"x-secret": "LUAN001"}), b"LUAN001"))
        log_result(ValueError("LUAN001"))
    assert caplog.record_tuples == [
        ("autocall_otp", logging.DEBUG, "POST /v3/autocall/otp, after a pause of 0.26 s"),
        ("autocall_otp", logging.DEBUG, "404"),
        ("autocall_otp", logging.DEBUG, "ValueError"),
    ]


def test_nothing_is_put_together_where_nobody_listens(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("called for nothing")

    monkeypatch.setattr(logger, "debug", fail)
    with caplog.at_level(logging.INFO, "autocall_otp"):
        log_attempt(ATTEMPT)
        log_result(ValueError())


@warns_of_doubt
def place(outcome: Outcome | None, *, ref_id: str = "R1") -> Flow[str]:
    """Place a call."""
    answer = yield ATTEMPT
    if outcome is not None:
        raise AutocallError(f"no: {answer}", outcome=outcome, ref_id=ref_id)
    return "placed"


def outcome_of(outcome: Outcome | None, **names: str) -> str:
    flow = place(outcome, **names)
    assert next(flow) is ATTEMPT
    try:
        flow.send(Answer(500, httpx.Headers()))
    except StopIteration as end:
        return str(end.value)
    except AutocallError as error:
        return str(error)
    raise AssertionError("it went on")


def test_only_a_doubt_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert place.__doc__ == "Place a call."
    assert outcome_of(None) == "placed"
    assert outcome_of(Outcome.NOT_PLACED) == outcome_of(Outcome.PLACED) == "no: <Answer 500>"
    assert caplog.records == []
    assert outcome_of(Outcome.UNKNOWN, ref_id="R2") == "no: <Answer 500>"
    told = "run_otp, ref_id R2, outcome UNKNOWN: no: <Answer 500>"
    assert caplog.record_tuples == [("autocall_otp", logging.WARNING, told)]
