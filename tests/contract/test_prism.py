"""Every operation, answer and example of the contract, over the wire, checked by Prism."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.agree.verdict import AFTER, PAGE, SPEC, expect, same, settle
from support.clients import KINDS, ask
from support.page import documented_examples, look_up_samples, operation, payload
from support.prism import EXAMPLES, WRAPPER, Exchange, Prism, Recorder, settings

from autocall_otp import ApiError, AutocallError, Cdr, Client, Outcome, Retry

SAMPLE = payload("run_otp.request")


def statuses(documented: str) -> list[int]:
    """The statuses to try for a documented one; a range is tried at several."""
    return [500, 502, 503] if documented == "5XX" else [int(documented)]


def agree(name: str, said: object, made: object) -> None:
    """The contract, as Prism plays it, says this; the wrapper makes that of it."""
    pair = ("openapi.yaml (played by Prism)", WRAPPER)
    same(pair, name, (said, made), f"follow in {WRAPPER}, or correct openapi.yaml; {AFTER}")


CASES = [
    pytest.param(method, status, example, value, id=f"{method}-{status}-{example}")
    for method, documented, example, value in documented_examples()
    # What the wrapper lacks is named by test_wrapper.py, once.
    if hasattr(Client, method)
    for status in statuses(documented)
]


def use(client: Any, method: str) -> Any:
    if method == "run_otp":
        return client.run_otp(SAMPLE["phone_number"], SAMPLE["code_otp"], ref_id=SAMPLE["ref_id"])
    return getattr(client, method)(*look_up_samples(method))


def over_the_wire(server: Prism, kind: type[Any], method: str, prefer: str) -> tuple[Any, list[Exchange]]:
    """What a client makes of one answer, error or not, and the exchanges that it took."""
    recorder = Recorder(prefer)
    try:
        found = ask(kind, lambda client: use(client, method), server.url, retry=Retry.none(), transport=recorder)
    except AutocallError as error:
        found = error
    return found, recorder.exchanges


@KINDS
@pytest.mark.parametrize(("method", "status", "example", "value"), CASES)
def test_every_documented_answer(
    mock_server: Prism, kind: type[Any], method: str, status: int, example: str, value: dict[str, Any]
) -> None:
    result, (exchange,) = over_the_wire(mock_server, kind, method, f"code={status}, example={example}")
    settle(exchange.disagreements(EXAMPLES))
    answer = f"the answer {status} ({example}) to {method}"
    agree(answer, status, exchange.response.status_code)
    if status == 200:
        agree(answer, value, result.raw.to_dict() if hasattr(result, "raw") else repr(result))
        return
    assert isinstance(result, ApiError)
    agree(f"the status_code of {answer}", status, result.status_code)
    wanted = Outcome.NOT_PLACED if method == "run_otp" and status < 500 else Outcome.UNKNOWN
    agree(f"the outcome of {answer}", wanted, result.outcome)
    words = " ".join(f"{error.field} {error.message}" for error in result.errors)
    said = value["error"]
    for text in [said] if isinstance(said, str) else [word for entry in said for word in entry.values()]:
        agree(f"the complaint {text!r} in {answer}", text, text if text in words else words)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Keeps what a client and Prism say to each other, in which nothing may break the contract."""
    kept = Recorder()
    yield kept
    settle(each for exchange in kept.exchanges for each in exchange.disagreements(EXAMPLES))


@pytest.mark.parametrize("ref_id", ["ABC123", "đơn/số 1", "a?b#c%2F", "x" * 128, "...", " "])
def test_the_path_is_the_contract_s_whatever_the_reference(mock_server: Prism, recorder: Recorder, ref_id: str) -> None:
    record = ask(Client, lambda client: client.get_cdr(ref_id), mock_server.url, transport=recorder)
    agree(f"what get_cdr({ref_id!r}) gives", Cdr, type(record))
    assert len(recorder.exchanges) == 1


def test_waiting_for_a_record(mock_server: Prism, recorder: Recorder) -> None:
    recorder.prefer = "example=unanswered"
    record = ask(Client, lambda client: client.wait_for_cdr("ABC125"), mock_server.url, transport=recorder)
    agree("the example unanswered: finished, answered", (True, False), (record.finished, record.answered))
    agree("how many look-ups a finished record takes", 1, len(recorder.exchanges))


def test_the_link_leads_from_the_call_to_its_record(mock_server: Prism, recorder: Recorder) -> None:
    with Client(**settings(mock_server.url, transport=recorder)) as client:
        call = use(client, "run_otp")
        record = client.get_cdr(call.ref_id)
    (link,) = operation("run_otp")["responses"]["200"]["links"].values()
    agree("the link of runOtp", link["operationId"], operation("get_cdr")["operationId"])
    agree("the call_id and the id of its record", call.call_id, record.id)
    assert len(recorder.exchanges) == 2


def test_prism_refuses_a_request_without_a_token(mock_server: Prism) -> None:
    answer = httpx.post(f"{mock_server.url}/v3/autocall/otp", json=SAMPLE, trust_env=False)
    refused = answer.status_code == 401 and "sl-violations" in answer.headers
    what = "the page asks for a token, and Prism, which plays openapi.yaml, takes a call without one"
    expect(refused, (PAGE, SPEC), "the security of runOtp", what, f"correct security in {SPEC}; {AFTER}")
