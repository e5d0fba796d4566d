"""The exit codes: scripts rely on their numbers."""

from __future__ import annotations

import pytest

from autocall_otp import (
    AutocallError,
    CdrTimeoutError,
    ConfigurationError,
    InvalidRequestError,
    NotFoundError,
    Outcome,
    ServerError,
    TransportError,
)
from autocall_otp._cli.exits import Exit, code_for

NOT_PLACED, UNKNOWN, PLACED = Outcome.NOT_PLACED, Outcome.UNKNOWN, Outcome.PLACED


def test_their_numbers_and_what_they_say_of_the_phone_stay() -> None:
    assert {each.name: (each.value, each.outcome) for each in Exit} == {
        "DONE": (0, PLACED),
        "FAILED": (1, NOT_PLACED),
        "USAGE": (2, NOT_PLACED),
        "MAY_HAVE_RUNG": (3, UNKNOWN),
        "NO_RECORD": (4, PLACED),
        "CONFIGURATION": (5, NOT_PLACED),
        "INTERRUPTED": (130, NOT_PLACED),
    }


@pytest.mark.parametrize(
    ("kind", "outcome", "of_a_call", "of_a_look_up"),
    [
        (ConfigurationError, NOT_PLACED, 5, 5),
        (InvalidRequestError, NOT_PLACED, 2, 2),
        (TransportError, NOT_PLACED, 1, 1),
        (TransportError, UNKNOWN, 3, 1),
        (ServerError, PLACED, 3, 1),
        (NotFoundError, NOT_PLACED, 1, 4),
        (CdrTimeoutError, UNKNOWN, 3, 4),
    ],
)
def test_an_error_has_its_code(kind: type[AutocallError], outcome: Outcome, of_a_call: int, of_a_look_up: int) -> None:
    error = kind("-", outcome=outcome)
    assert (code_for(error, places_a_call=True), code_for(error, places_a_call=False)) == (of_a_call, of_a_look_up)
