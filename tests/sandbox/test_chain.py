"""SDK, then Prism in validation-proxy mode, then the sandbox: every operation, status and special number.

`sl-violations` is absent on every exchange. Some numbers break the answer itself, so that Prism has nothing to judge:
their records are held to the contract all the same. Two traps: with `--errors` Prism answers some wrong requests
itself, and a 501 from behind makes it mock an answer; so neither is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from support.agree import Disagreement, settle
from support.agree.verdict import AFTER, same
from support.page import INFERRED, operations
from support.prism import SANDBOX, WRAPPER, Recorder, prism, settings

from autocall_otp import AutocallError, Client, Outcome, Retry
from autocall_otp.sandbox import Chaos, Sandbox
from autocall_otp.sandbox.numbers import NUMBERS, Answer

pytestmark = [pytest.mark.dev, pytest.mark.timeout(120)]
BREAKS_THE_ANSWER = {Answer.LOST, Answer.STALLED, Answer.MALFORMED, Answer.REFUSED_IN_WORDS}
# From the facts and not from the contract: a status that the contract lost is then one that Prism refuses.
STATUSES = [
    (method, each)
    for method in operations()
    # What the wrapper lacks is named by tests/contract/test_wrapper.py, once.
    if hasattr(Client, method)
    for status in INFERRED["errors"]
    for each in ([500, 502, 503, 504, 520] if status == "5XX" else [int(status)])
]


def agree(name: str, done: object, told: object) -> None:
    """The sandbox did this, and the wrapper tells that of it."""
    same((SANDBOX, WRAPPER), name, (done, told), f"correct whichever openapi.yaml does not bear out; {AFTER}")


@pytest.fixture(scope="module")
def behind() -> Iterator[Sandbox]:
    with Sandbox(speed=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def proxy(behind: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prism(tmp_path_factory.mktemp("prism") / "prism.log", behind.url, mode="proxy") as running:
        yield running.url


class Sdk:
    """The SDK at Prism's address; keeps its exchanges. Which of its two clients asks makes no difference here."""

    def __init__(self, url: str, token: str, **more: Any) -> None:
        self.recorder = Recorder()
        quick = {"retry": Retry(attempts=2, base=0.001), "timeout": 60.0, "token": token, "transport": self.recorder}
        self.client = Client(**settings(url, **(quick | more)))
        self.close = self.client.close

    def use(self, method: str, *arguments: str, **keywords: Any) -> Any:
        """What the method returns, or the error that it raises."""
        try:
            return getattr(self.client, method)(*arguments, **keywords)
        except AutocallError as error:
            return error

    def problems(self) -> list[Disagreement]:
        return [each for exchange in self.recorder.exchanges for each in exchange.disagreements(SANDBOX)]


@pytest.fixture
def sdk(proxy: str, behind: Sandbox) -> Iterator[Sdk]:
    behind.reset()
    # A second try would wait as long as Retry-After says.
    with closing(Sdk(proxy, behind.token, retry=Retry(attempts=1))) as one:
        yield one


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_every_number(proxy: str, behind: Sandbox, number: Any) -> None:
    behind.reset()
    with closing(Sdk(proxy, behind.token, timeout=1.0 if number.answer is Answer.STALLED else 60.0)) as sdk:
        sdk.use("run_otp", number.phone_number, "LUAN001", ref_id="r1")
        if number.answer not in BREAKS_THE_ANSWER:
            settle(sdk.problems())
    behind.advance(100)
    with closing(Sdk(proxy, behind.token)) as sdk:
        sdk.use("get_cdr", "r1")
        settle(sdk.problems())


@pytest.mark.parametrize(("method", "status"), STATUSES)
def test_every_operation_and_error_status(sdk: Sdk, behind: Sandbox, method: str, status: int) -> None:
    behind.chaos = Chaos(error_probability=1, error_statuses=(status,))
    found = sdk.use(method, *(["0332665711", "LUAN001"] if method == "run_otp" else ["r1"]))
    agree(f"the status that {method} reports", status, getattr(found, "status_code", repr(found)))
    assert sdk.recorder.exchanges
    settle(sdk.problems())


def test_prism_sees_a_status_that_is_not_in_the_contract(sdk: Sdk, behind: Sandbox) -> None:
    behind.chaos = Chaos(error_probability=1, error_statuses=(418,))
    sdk.use("run_otp", "0332665711", "LUAN001")
    assert "Unable to match the returned status code" in str(sdk.problems())


@pytest.mark.parametrize(
    ("deed", "status", "billsec"),
    [("answer", "answered", 8), ("reject", "busy", 0), ("leave_unanswered", "no-answered", 0)],
)
def test_a_call_is_decided_by_hand_and_waited_for(
    sdk: Sdk, behind: Sandbox, deed: str, status: str, billsec: int
) -> None:
    call = sdk.use("run_otp", "+84 332 665 711", "LUAN001")
    agree("the outcome of a call", Outcome.PLACED, call.outcome)
    behind.advance(3)
    getattr(behind.calls[-1], deed)()
    behind.advance(8)
    record = sdk.use("wait_for_cdr", call.ref_id, timeout=60.0)
    told = (record.status, record.billsec, record.to_number)
    agree("status, billsec and to_number of a call", (status, billsec, "0332665711"), told)
    settle(sdk.problems())
