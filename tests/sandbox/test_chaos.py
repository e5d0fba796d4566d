from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.eventually import eventually

from autocall_otp.sandbox import Chaos
from autocall_otp.sandbox.chaos import Dice

if TYPE_CHECKING:
    from sandbox.conftest import Place

    from autocall_otp.sandbox import Sandbox


def test_nothing_happens_unless_asked_for_and_then_everything_does() -> None:
    calm, wild = Dice(Chaos()), Dice(Chaos(1, 2, 1, 1))
    for _ in range(200):
        nothing, everything = calm.roll(), wild.roll()
        assert (nothing.latency, nothing.reset, nothing.error) == (0, False, None)
        assert (everything.latency, everything.reset, everything.error in {500, 502, 503}) == (2, True, True)


def test_a_seed_repeats_a_run_and_another_or_none_does_not() -> None:
    def run(seed: int | None) -> list[Any]:
        dice = Dice(Chaos(latency_probability=0.3, reset_probability=0.3, error_probability=0.3, seed=seed))
        return [dice.roll() for _ in range(100)]

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert run(None) != run(None)


def test_a_probability_is_about_kept() -> None:
    dice = Dice(Chaos(error_probability=0.25, error_statuses=(503,), seed=1))
    rolls = [dice.roll() for _ in range(4000)]
    assert 900 < sum(roll.error == 503 for roll in rolls) < 1100
    assert 1900 < sum(roll.reset_after_dialling for roll in rolls) < 2100


@pytest.mark.parametrize(
    "wrong",
    [
        {"latency_probability": 1.1},
        {"reset_probability": -0.1},
        {"error_probability": float("nan")},
        {"latency_seconds": 300.5},
        *({"error_statuses": statuses} for statuses in ((), (200,), (500, 600), (399,))),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))} must be "):
        Chaos(**wrong)
    Chaos(latency_probability=1, latency_seconds=300, error_probability=0, error_statuses=(400, 599))


@pytest.mark.parametrize(
    ("status", "reason", "again"),
    [
        (404, "Not Found", None),
        (503, "Service Unavailable", "1"),
        (599, "HTTP 599", None),
    ],
)
def test_an_error_has_the_provider_s_shape_and_places_no_call(
    sandbox: Sandbox, http: httpx.Client, place: Place, status: int, reason: str, again: str | None
) -> None:
    sandbox.chaos = Chaos(error_probability=1, error_statuses=(status,))
    for answer in (place(), http.get("/v3/autocall/log/x/ref_id")):
        assert (answer.status_code, answer.json()) == (status, {"error": reason})
        assert answer.headers.get("retry-after") == again
    sandbox.chaos = Chaos()
    assert place().status_code == 200
    assert len(sandbox.calls) == 1


def test_resets_are_resets_and_one_half_was_dialled(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    sandbox.chaos = Chaos(reset_probability=1, seed=3)
    for _ in range(20):
        with pytest.raises(httpx.ReadError, match=r"(?i)reset"):
            place()
    assert 3 < len(sandbox.calls) < 17
    with pytest.raises(httpx.ReadError):
        http.get("/v3/autocall/log/x/ref_id")
    said = {(request.status, request.reason) for request in sandbox.requests[:20]}
    when = ("after the call was placed", "before a call was placed")
    assert said == {(None, f"chaos: the connection was reset {each}") for each in when}


def test_latency_delays_the_answer_but_not_past_the_end_of_the_sandbox(
    sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    sandbox.chaos = Chaos(latency_probability=1, latency_seconds=0.01)
    assert place().status_code == 200
    sandbox.chaos = Chaos(latency_probability=1, latency_seconds=300)
    state = vars(sandbox)["_server"].server_state
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(http.get, "/v3/autocall/log/x/ref_id", timeout=250)
        eventually(lambda: state.tasks)
        assert not asking.done()
        sandbox.stop()
        asking.exception(60)
