from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from autocall_otp.sandbox import Chaos
from autocall_otp.sandbox.chaos import Dice, Mishap

if TYPE_CHECKING:
    from collections.abc import Callable

    from autocall_otp.sandbox import Sandbox

    Place = Callable[..., httpx.Response]


def test_nothing_happens_unless_asked_for() -> None:
    dice = Dice(Chaos())
    rolls = [dice.roll() for _ in range(500)]
    assert not any(roll.latency or roll.reset or roll.error for roll in rolls)


def test_a_seed_repeats_a_run_and_another_one_does_not() -> None:
    chaos = Chaos(latency_probability=0.3, reset_probability=0.3, error_probability=0.3, seed=7)
    runs = [[dice.roll() for _ in range(50)] for dice in (Dice(chaos), Dice(chaos))]
    assert runs[0] == runs[1]
    other = Dice(Chaos(latency_probability=0.3, reset_probability=0.3, error_probability=0.3, seed=8))
    assert runs[0] != [other.roll() for _ in range(50)]


def test_a_probability_is_about_kept() -> None:
    dice = Dice(Chaos(error_probability=0.25, error_statuses=(503,), seed=1))
    errors = [roll.error for roll in (dice.roll() for _ in range(4000)) if roll.error]
    assert 900 < len(errors) < 1100
    assert set(errors) == {503}


@pytest.mark.parametrize(
    "wrong",
    [
        {"latency_probability": 1.1},
        {"reset_probability": -0.1},
        {"error_probability": float("nan")},
        {"latency_seconds": 301},
        {"error_statuses": ()},
        {"error_statuses": (200,)},
        {"error_statuses": (500, 600)},
        {"error_statuses": (399,)},
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))} must be "):
        Chaos(**wrong)


def test_the_ranges_include_their_ends() -> None:
    chaos = Chaos(latency_probability=1, latency_seconds=300, error_probability=0, error_statuses=(400, 599))
    assert (chaos.latency_seconds, chaos.error_statuses) == (300, (400, 599))
    with pytest.raises(ValueError, match=r"^latency_seconds must be between 0 and 300: 300\.5$"):
        Chaos(latency_seconds=300.5)


def test_without_statuses_an_error_is_one_of_the_server_s() -> None:
    assert Chaos() == Chaos(0.0, 1.0, 0.0, 0.0, (500, 502, 503), None)


def test_without_a_seed_two_runs_differ() -> None:
    one, other = (Dice(Chaos(error_probability=0.5)) for _ in range(2))
    assert [one.roll() for _ in range(100)] != [other.roll() for _ in range(100)]


class Loaded:
    """Chance that always draws the same."""

    def __init__(self, number: float) -> None:
        self._number = number

    def random(self) -> float:
        return self._number

    def choice(self, statuses: tuple[int, ...]) -> int:
        return statuses[-1]


def test_a_probability_of_nought_is_never_and_one_half_is_half(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = Dice(Chaos())
    monkeypatch.setattr(dice, "_random", Loaded(0.0))
    assert dice.roll() == Mishap(latency=0.0, reset=False, reset_after_dialling=True, error=None)
    monkeypatch.setattr(dice, "_random", Loaded(0.5))
    assert not dice.roll().reset_after_dialling
    dice = Dice(Chaos(latency_probability=1, latency_seconds=2, reset_probability=1, error_probability=1))
    monkeypatch.setattr(dice, "_random", Loaded(0.999))
    assert dice.roll() == Mishap(latency=2, reset=True, reset_after_dialling=False, error=503)


def test_errors_place_no_call_and_end_when_told(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    sandbox.chaos = Chaos(error_probability=1, error_statuses=(429,))
    assert place().status_code == 429
    assert http.get("/v3/autocall/log/x/ref_id").status_code == 429
    sandbox.chaos = Chaos()
    assert place().status_code == 200
    assert len(sandbox.calls) == 1


def test_resets_are_resets_and_one_half_was_dialled(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    sandbox.chaos = Chaos(reset_probability=1, seed=3)
    for _ in range(40):
        with pytest.raises(httpx.ReadError, match=r"(?i)reset"):
            place()
    assert 10 < len(sandbox.calls) < 30
    with pytest.raises(httpx.ReadError):
        http.get("/v3/autocall/log/x/ref_id")


def test_latency_delays_the_answer(sandbox: Sandbox, http: httpx.Client, otp_request: dict[str, str]) -> None:
    sandbox.chaos = Chaos(latency_probability=1, latency_seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/v3/autocall/otp", json=otp_request, timeout=0.1)
    sandbox.chaos = Chaos(latency_probability=1, latency_seconds=0.01)
    assert http.post("/v3/autocall/otp", json=otp_request).status_code == 200
