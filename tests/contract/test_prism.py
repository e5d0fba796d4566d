"""Every operation, answer and example of the contract, over the wire, checked by Prism."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.agree.verdict import AFTER, PAGE, SPEC, expect, same, settle
from support.clients import KINDS, ask
from support.page import documented_examples, look_up_samples, operation, payload
from support.prism import EXAMPLES, WRAPPER, Exchange, Prism, Recorder, settings

import autocall_otp
from autocall_otp import ApiError, AutocallError, Cdr, Client, Outcome, Retry

SAMPLE = payload("run_otp.request")
ERRORS = {
    400: autocall_otp.BadRequestError,
    401: autocall_otp.AuthenticationError,
    403: autocall_otp.PermissionDeniedError,
    404: autocall_otp.NotFoundError,
    429: autocall_otp.RateLimitedError,
    500: autocall_otp.ServerError,
    502: autocall_otp.ServerError,
    503: autocall_otp.ServerError,
}


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
    known = ("openapi.yaml", "tests/contract/test_prism.py")
    expect(
        status in ERRORS,
        known,
        f"the status {status} of {method}",
        "only openapi.yaml has it",
        "add it to ERRORS there",
    )
    agree(f"the error raised for {answer}", ERRORS[status].__name__, type(result).__name__)
    assert isinstance(result, ApiError)
    agree(f"the status_code of {answer}", status, result.status_code)
    words = " ".join(f"{error.field} {error.message}" for error in result.errors)
    said = value["error"]
    for text in [said] if isinstance(said, str) else [word for entry in said for word in entry.values()]:
        agree(f"the complaint {text!r} in {answer}", text, text if text in words else words)


@KINDS
def test_every_documented_status_has_its_outcome(mock_server: Prism, kind: type[Any]) -> None:
    for status in (code for documented in operation("run_otp")["responses"] for code in statuses(documented)):
        result, _ = over_the_wire(mock_server, kind, "run_otp", f"code={status}")
        wanted = Outcome.PLACED if status == 200 else Outcome.NOT_PLACED if status < 500 else Outcome.UNKNOWN
        agree(f"the outcome of run_otp after {status}", wanted, result.outcome)


@KINDS
def test_retry_after_is_read(mock_server: Prism, kind: type[Any]) -> None:
    result, (exchange,) = over_the_wire(mock_server, kind, "run_otp", "code=429")
    said = exchange.response.headers.get("retry-after", "nothing")
    agree("the header Retry-After of 429", (said, True), (f"{result.retry_after or 0:g}", result.retryable))


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


# Prism must be able to say no, or the tests above would show nothing.


def test_prism_refuses_a_request_without_a_token(mock_server: Prism) -> None:
    answer = httpx.post(f"{mock_server.url}/v3/autocall/otp", json=SAMPLE, trust_env=False)
    refused = answer.status_code == 401 and "sl-violations" in answer.headers
    what = "the page asks for a token, and Prism, which plays openapi.yaml, takes a call without one"
    expect(refused, (PAGE, SPEC), "the security of runOtp", what, f"correct security in {SPEC}; {AFTER}")


def test_prism_refuses_the_table_s_name_of_the_script(mock_server: Prism) -> None:
    body = {("template_name" if name == "template" else name): value for name, value in SAMPLE.items()}
    answer = httpx.post(
        f"{mock_server.url}/v3/autocall/otp", json=body, headers={"Authorization": "Bearer t"}, trust_env=False
    )
    refused = "must have required property 'template'" in answer.headers.get("sl-violations", "")
    what = "the page's samples say template, and Prism, which plays openapi.yaml, takes template_name"
    expect(refused, (PAGE, SPEC), "the name of the script", what, f"correct OtpRequest in {SPEC}; {AFTER}")


def test_prism_knows_no_other_path(mock_server: Prism) -> None:
    recorder = Recorder()
    request = httpx.Request("GET", f"{mock_server.url}/v3/autocall/log/ABC123", headers={"Authorization": "Bearer t"})
    recorder.handle_request(request).close()
    recorder.close()
    what = "the page has no such path, and Prism, which plays openapi.yaml, takes it"
    refused = recorder.exchanges[0].problems() != []
    expect(refused, (PAGE, SPEC), "the path /v3/autocall/log/ABC123", what, f"correct the paths of {SPEC}; {AFTER}")
