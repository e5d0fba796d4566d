"""The exit codes: scripts rely on their numbers, and the help tells what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from autocall_otp._cli.exits import EPILOG, LONG_EPILOG, Exit, code_for

if TYPE_CHECKING:
    from cli.conftest import Run

NOT_PLACED, UNKNOWN, PLACED = Outcome.NOT_PLACED, Outcome.UNKNOWN, Outcome.PLACED


def test_their_numbers_stay() -> None:
    assert {each.name: each.value for each in Exit} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "MAY_HAVE_RUNG": 3,
        "NO_RECORD": 4,
        "CONFIGURATION": 5,
        "INTERRUPTED": 130,
    }


def test_the_help_tells_them() -> None:
    assert EPILOG == "Exit: 0 done, 1 failed, 2 usage, 3 may have rung, 4 no record, 5 settings."
    assert LONG_EPILOG.split("; ") == [
        "Exit codes: 0 done",
        "1 failed, and no phone rings because of it",
        "2 wrong usage",
        "3 the phone may have rung: look the call up before asking for another",
        "4 no record, or none finished",
        "5 a setting missing or wrong.",
    ]


def test_each_command_tells_them_in_short_and_the_program_in_full(run: Run) -> None:
    assert run("wait", "--help").stdout.rstrip().endswith(EPILOG)
    assert " ".join(run("--help").stdout.split()).endswith(LONG_EPILOG)


@pytest.mark.parametrize(
    ("kind", "outcome", "of_a_call", "of_a_look_up"),
    [
        (ConfigurationError, NOT_PLACED, Exit.CONFIGURATION, Exit.CONFIGURATION),
        (InvalidRequestError, NOT_PLACED, Exit.USAGE, Exit.USAGE),
        (TransportError, NOT_PLACED, Exit.FAILED, Exit.FAILED),
        (TransportError, UNKNOWN, Exit.MAY_HAVE_RUNG, Exit.FAILED),
        (ServerError, UNKNOWN, Exit.MAY_HAVE_RUNG, Exit.FAILED),
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
