"""Limits: what is out of bounds is refused by name, windows slide, and the wait is exact."""

from __future__ import annotations

import math
from typing import Any

import pytest

from autocall_otp import ConfigurationError
from autocall_otp.verify import Limits
from autocall_otp.verify._limits import wait

OUT_OF_BOUNDS: dict[str, list[Any]] = {
    "code_digits": [5, 11, 6.0],
    "code_life": [0, 601, math.nan],
    "challenge_life": [601],
    "guesses": [0, True],
    "ring_again_after": [0, math.inf],
    "calls_per_challenge": [0],
    "calls_per_number": [[(3, 600.0)], ((3, 600.0), (10,)), ((0, 600.0),), ((True, 600.0),), ((3, True),)],
    "calls_per_caller": [((3, math.inf),), (3, 600.0), ((3, math.nan),), ((3, 1e300),), ((3, 10**400),)],
    "failures_per_number": [101],
    "known_for": ["90"],
}


@pytest.mark.parametrize("name", OUT_OF_BOUNDS)
def test_what_is_out_of_bounds_is_refused_by_name(name: str) -> None:
    for value in OUT_OF_BOUNDS[name]:
        with pytest.raises(ConfigurationError, match=f"^{name}: must be"):
            Limits(**{name: value})


def test_a_window_slides() -> None:
    rules = ((3, 600.0), (4, 1000.0))
    assert wait([], rules, 0.0) == 0
    assert wait([0.0, 1.0], rules, 2.0) == 0
    assert wait([0.0, 1.0, 2.0], rules, 2.0) == 598
    assert wait([0.0, 1.0, 2.0], rules, 600.0) == 0
    # The window that is full for longest decides, whatever the order of the times.
    assert wait([602.0, 0.0, 1.0, 2.0], rules, 603.0) == 397
    assert wait([0.0] * 4, rules, 1.0) == 999
    # Calls that another limit let pass must leave, too.
    assert wait([0.0, 1.0, 2.0, 3.0], ((3, 600.0),), 4.0) == 597
