"""The tree of errors, and what an error carries."""

import copy
import pickle
import re
from typing import Any

import pytest

import autocall_otp
from autocall_otp import ApiError, AutocallError, Cdr, FieldError, Outcome, _errors

NAMES = [
    name for name in autocall_otp.__all__ if name.endswith("Error") and name not in {"AutocallError", "FieldError"}
]
ALSO: dict[str, list[type[Exception]]] = {
    "ConfigurationError": [ValueError],
    "InvalidRequestError": [ValueError],
    "TransportTimeoutError": [TimeoutError],
    "CdrTimeoutError": [TimeoutError],
}
MORE: dict[str, dict[str, Any]] = {
    "InvalidResponseError": {"status_code": 201, "errors": (FieldError(None, "odd"),)},
    "CdrTimeoutError": {"record": Cdr(id="c1")},
}
OF_ANSWERS = {"status_code": 429, "errors": (FieldError("f", "m"),), "retry_after": 1.5}


def given(name: str) -> dict[str, Any]:
    is_of_answer = issubclass(getattr(autocall_otp, name), ApiError)
    return OF_ANSWERS if is_of_answer else MORE.get(name, {})


@pytest.mark.parametrize("name", NAMES)
def test_an_error_is_drawn_in_the_tree_and_caught_as_one_of_ours_and_of_python_s(name: str) -> None:
    kind = getattr(autocall_otp, name)
    assert re.search(rf"─ {name}\b", str(_errors.__doc__))
    assert issubclass(kind, AutocallError)
    assert [base for base in (ValueError, TimeoutError) if issubclass(kind, base)] == ALSO.get(name, [])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("outcome", Outcome)
def test_an_error_carries_what_is_known_through_pickle_and_copy(name: str, outcome: Outcome) -> None:
    known = {"outcome": outcome, "ref_id": "R1", "retryable": True} | given(name)
    error = getattr(autocall_otp, name)("words", **known)
    error.add_note("a note")
    for twin in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert (type(twin), str(twin), twin.__notes__) == (type(error), "words", ["a note"])
        assert {key: getattr(twin, key) for key in known} == known


@pytest.mark.parametrize("name", NAMES)
def test_an_error_that_says_no_more_knows_nothing_of_the_phone(name: str) -> None:
    error = getattr(autocall_otp, name)("words")
    assert (error.outcome, error.ref_id) == (Outcome.UNKNOWN, None)
    # A record that is not there yet may be there later; of all others, nothing is known to help.
    assert error.retryable is (name == "CdrTimeoutError")
    nothing = {"status_code": 0, "errors": (), "retry_after": None, "record": None}
    assert {key: getattr(error, key) for key in given(name)} == {key: nothing[key] for key in given(name)}
