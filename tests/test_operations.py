import inspect
import json

import httpx
import pytest
from support.flows import Clock, answer, policy, run, settings, upper
from support.page import payload

import autocall_otp
from autocall_otp import CdrTimeoutError, InvalidRequestError, InvalidResponseError, Outcome, Retry, WaitProgress
from autocall_otp._operations import get_cdr, run_otp, wait_for_cdr
from autocall_otp.models import Cdr, OtpCall

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
PLACED, FINISHED = answer(200, json.dumps(ANSWER)), answer(200, json.dumps(RECORD))
UNFINISHED = answer(200, json.dumps(RECORD | {"status": "ringing", "time_ended": ""}))
NOTHING = {name: None for name, each in inspect.signature(run_otp).parameters.items() if each.kind is each.KEYWORD_ONLY}


def place(result: object, **more: object) -> tuple[OtpCall, list[httpx.Request]]:
    flow = run_otp(settings(), policy(), "0332 665 711", "LUAN001", **(NOTHING | more))  # type: ignore[arg-type] # a table
    call, attempts = run(flow, [result])  # type: ignore[list-item] # a table
    return call, [attempt.request for attempt in attempts]


def test_a_reference_is_made_when_there_is_none() -> None:
    sent = {json.loads(place(PLACED)[1][0].read())["ref_id"] for _ in range(10)}
    assert len(sent) == 10


def test_the_reference_stays_the_same_on_every_attempt() -> None:
    flow = run_otp(settings(), policy(), "0332665711", "LUAN001", **NOTHING)  # type: ignore[arg-type] # all None
    call, attempts = run(flow, [answer(429), answer(429), answer(200, json.dumps(ANSWER | {"ref_id": ""}))])
    sent = {json.loads(attempt.request.read())["ref_id"] for attempt in attempts}
    assert sent == {call.ref_id}


def test_arguments_of_a_call_win_over_the_client_s() -> None:
    other = "00000000-0000-4000-8000-000000000001"
    _, (request,) = place(PLACED, campaign_uuid=other, template="other", ref_id="mine")
    body = json.loads(request.read())
    assert (body["campaign_uuid"], body["template"], body["ref_id"]) == (other, "other", "mine")


@pytest.mark.parametrize("name", ["campaign_uuid", "template"])
def test_what_neither_the_call_nor_the_client_has_is_named(name: str) -> None:
    flow = run_otp(settings(**{name: None}), policy(), "0332665711", "1", **NOTHING)  # type: ignore[arg-type] # all None
    with pytest.raises(InvalidRequestError, match=f"^{name}: "):
        next(flow)


@pytest.mark.parametrize(("client", "call", "taken"), [(True, None, True), (False, True, True), (True, False, False)])
def test_a_call_decides_on_other_countries_over_its_client(client: bool, call: bool | None, taken: bool) -> None:  # noqa: FBT001 - a table
    given = NOTHING | {"allow_international": call}
    flow = run_otp(settings(allow_international=client), policy(), "+14155550123", "1", **given)  # type: ignore[arg-type] # a table
    if taken:
        assert json.loads(next(flow).request.read())["phone_number"] == "+14155550123"
    else:
        with pytest.raises(InvalidRequestError):
            next(flow)


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "null", '"text"', "7", "{}", '{"error": "Not Found"}', '{"call_id": ""}', '{"call_id": 7}'],
)
def test_a_success_that_cannot_be_read_leaves_the_phone_in_doubt(body: str) -> None:
    with pytest.raises(InvalidResponseError) as caught:
        place(answer(200, body), ref_id="r1")
    assert (caught.value.outcome, caught.value.ref_id, caught.value.status_code) == (Outcome.UNKNOWN, "r1", 200)


def test_201_is_a_success_too_and_missing_fields_are_none() -> None:
    call, _ = place(answer(201, '{"call_id": "c1"}'), ref_id="r1")
    assert (call.call_id, call.lead_uuid, call.message, call.ref_id) == ("c1", None, None, "r1")


def test_an_echoed_code_does_not_reach_the_message() -> None:
    call, _ = place(answer(200, '{"call_id": "c1", "message": "reading LUAN001 to +84332665711"}'))
    assert call.message == "reading *** to 0332***711"
    assert call.raw["message"] == "reading LUAN001 to +84332665711"


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"error": "Not Found"}'])
def test_a_record_that_cannot_be_read(body: str) -> None:
    with pytest.raises(InvalidResponseError):
        run(get_cdr(settings(), policy(), "r1"), [answer(200, body)])


def test_a_look_up_is_tried_again() -> None:
    record, attempts = run(get_cdr(settings(), policy(), "r1"), [answer(503), httpx.ReadTimeout("slow"), FINISHED])
    assert (record.id, len(attempts)) == (RECORD["id"], 3)


def wait(
    results: list[object], timeout: float = 60.0, progress: list[WaitProgress] | None = None, **more: object
) -> tuple[Cdr, list[float]]:
    clock = Clock()
    flow = wait_for_cdr(
        settings(),
        policy(clock=clock, draw=upper, **more),
        "r1",
        timeout=timeout,
        progress=None if progress is None else progress.append,
    )
    record, attempts = run(flow, results, clock)  # type: ignore[arg-type] # answers and failures
    return record, [attempt.delay for attempt in attempts]


def test_waiting_rides_out_whatever_passes() -> None:
    progress: list[WaitProgress] = []
    results = [answer(404), UNFINISHED, httpx.ConnectError("no"), answer(503), answer(429), FINISHED]
    record, delays = wait(results, progress=progress)
    assert record.finished
    assert delays == [0.0, 1.0, 1.5, 2.25, 3.375, 5.0625]
    assert [step.look_ups for step in progress] == [1, 2, 3, 4, 5]
    assert [step.record is not None for step in progress] == [False, True, True, True, True]
    assert "404" in progress[0].reason
    assert progress[1].reason == "the record has no end yet"
    assert progress[-1].elapsed == pytest.approx(8.125)
    assert progress[-1].remaining == pytest.approx(60 - 8.125)


def test_waiting_does_not_spend_the_budget_for_retries() -> None:
    rule: dict[str, object] = {"retry": Retry.none()}
    record, _ = wait([answer(503)] * 9 + [FINISHED], timeout=600.0, **rule)
    assert record.finished


@pytest.mark.parametrize("status", [400, 401, 403])
def test_waiting_ends_where_waiting_does_not_help(status: int) -> None:
    with pytest.raises(autocall_otp.ApiError) as caught:
        wait([answer(404), answer(status)])
    assert caught.value.status_code == status


def test_waiting_renews_the_token() -> None:
    record, delays = wait([answer(401), FINISHED], token_is_renewable=True)
    assert record.finished
    assert delays == [0.0, 0.0]


@pytest.mark.parametrize(("result", "outcome"), [(UNFINISHED, Outcome.PLACED), (answer(404), Outcome.UNKNOWN)])
def test_waiting_ends_in_time_with_the_last_record(result: object, outcome: Outcome) -> None:
    clock = Clock()
    flow = wait_for_cdr(settings(), policy(clock=clock, draw=upper), "r1", timeout=20.0, progress=None)
    with pytest.raises(CdrTimeoutError, match="within 20 s") as caught:
        run(flow, [result] * 99, clock)  # type: ignore[list-item] # a table
    assert clock.now <= 1020.0
    assert clock.now >= 1019.9
    assert caught.value.outcome is outcome
    assert (caught.value.record is not None) is (outcome is Outcome.PLACED)
    assert isinstance(caught.value, TimeoutError)


def test_waiting_keeps_to_retry_after() -> None:
    _, delays = wait([answer(429, retry_after="9"), FINISHED])
    assert delays == [0.0, 9.0]
    with pytest.raises(autocall_otp.RateLimitedError):
        wait([answer(429, retry_after="61")])


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_wait_needs_a_time(timeout: float) -> None:
    with pytest.raises(InvalidRequestError, match="^timeout: "):
        wait([], timeout=timeout)
