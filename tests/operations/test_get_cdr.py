"""Looking a record up."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from support.flows import CODE, NUMBER, answer, error_of, policy, run, settings
from support.page import payload

from autocall_otp import Cdr, InvalidRequestError, InvalidResponseError, OtpCall, Outcome, Payload, Retry
from autocall_otp._operations.get_cdr import get_cdr
from autocall_otp._redact import Secrets
from autocall_otp._sansio.retry import Flow

RECORD = payload("get_cdr.answer")
CALL = OtpCall(call_id=RECORD["id"], ref_id="R1")


def looking(ref_id: Any = "R1", retry: Retry | None = None, **more: Any) -> Flow[Cdr]:
    return get_cdr(settings(retry=retry or Retry(), **more), policy(), ref_id)


@pytest.mark.parametrize("ref_id", ["R1", CALL], ids=["ref_id", "call"])
def test_a_record_is_found_by_reference_or_call(ref_id: str | OtpCall) -> None:
    record, (attempt,) = run(looking(ref_id, timezone="UTC"), [answer(200, RECORD)])
    assert (record.id, record.raw) == (RECORD["id"], RECORD)
    assert record.time_started == datetime(2023, 3, 7, 10, 6, 53, tzinfo=UTC)
    assert str(attempt.request.url) == "https://api.example.vn/v3/autocall/log/R1/ref_id"
    assert attempt.deadline == 1030.0


def test_a_look_up_is_tried_again_whatever_it_met() -> None:
    record, _ = run(looking(), [answer(503), httpx.ReadTimeout("slow"), answer(200, RECORD)])
    assert record.id == RECORD["id"]
    assert error_of(looking(retry=Retry(attempts=2)), [answer(503)] * 2).status_code == 503


@pytest.mark.parametrize("result", [answer(400), answer(200, {"error": "x"}), answer(200, b"")])
def test_a_failed_look_up_knows_nothing_of_the_call(result: Any) -> None:
    error = error_of(looking(), [result])
    assert (error.outcome, error.ref_id, "phone" in str(error)) == (Outcome.UNKNOWN, "R1", False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        *((body, []) for body in (b"", b"<html>", b"[]", b"null", b"{}", b'{"id": ""}', b'{"data": []}')),
        ({"message": "không có quyền"}, ["không có quyền"]),
    ],
)
def test_an_answer_without_a_record_is_an_error_that_says_what_it_says(body: object, words: list[str]) -> None:
    error = error_of(looking(), [answer(200, body)])
    assert isinstance(error, InvalidResponseError)
    assert str(error) == ": ".join(["the service answered 200, but there is no record in it", *words])
    assert [each for _, each in error.errors] == words


def test_the_record_of_an_older_call_is_not_this_call_s() -> None:
    error = error_of(looking(CALL), [answer(200, RECORD | {"id": "older"})])
    assert isinstance(error, InvalidResponseError)
    assert str(error) == "the service answered 200, but there is no record of this call in it"


def test_an_interrupted_look_up_names_itself() -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        run(looking(), [KeyboardInterrupt()])
    assert caught.value.__notes__ == ["get_cdr, ref_id R1, outcome UNKNOWN"]


def test_the_secrets_of_a_call_are_masked_in_its_look_ups_too() -> None:
    """The service may quote them, and nobody else knows the code."""
    secrets = Secrets(codes=[CODE], numbers=[NUMBER])
    call = OtpCall(call_id="c1", ref_id=f"for-{CODE}", raw=Payload({"call_id": "c1"}, secrets))
    said = {"error": f"{CODE} was read to {NUMBER[1:]}", "x": CODE}
    error = error_of(looking(call), [answer(400, said)])
    assert str(error) == "the service answered 400: *** was read to 332***711"
    record, _ = run(looking(call), [answer(200, {"id": "c1", "cause": CODE})])
    assert CODE not in repr(record)
    assert CODE in str(next(looking(call)).request.url)


def test_a_refused_argument_leaves_the_call_unknown() -> None:
    """Seen: NOT_PLACED for a look-up with a typo, after which a caller rang a second time."""
    error = error_of(looking(None), [])
    assert (type(error), error.outcome) == (InvalidRequestError, Outcome.UNKNOWN)
