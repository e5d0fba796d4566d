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
        (ConfigurationError, NOT_PLACED, Exit.CONFIGURATION, Exit.CONFIGURATION),
        (InvalidRequestError, NOT_PLACED, Exit.USAGE, Exit.USAGE),
        (TransportError, NOT_PLACED, Exit.FAILED, Exit.FAILED),
        (TransportError, UNKNOWN, Exit.MAY_HAVE_RUNG, Exit.FAILED),
        (ServerError, PLACED, Exit.MAY_HAVE_RUNG, Exit.FAILED),
        (NotFoundError, NOT_PLACED, Exit.FAILED, Exit.NO_RECORD),
        (NotFoundError, UNKNOWN, Exit.MAY_HAVE_RUNG, Exit.NO_RECORD),
        (CdrTimeoutError, UNKNOWN, Exit.MAY_HAVE_RUNG, Exit.NO_RECORD),
        (AutocallError, NOT_PLACED, Exit.FAILED, Exit.FAILED),
    ],
)
def test_an_error_has_its_code(
    kind: type[AutocallError], outcome: Outcome, of_a_call: Exit, of_a_look_up: Exit
) -> None:
    error = kind("-", outcome=outcome)
    assert code_for(error, places_a_call=True) is of_a_call
    assert code_for(error, places_a_call=False) is of_a_look_up
