import copy
import pickle

import pytest

import autocall_otp
from autocall_otp import _errors
from autocall_otp._errors import AutocallError, FieldError, Outcome, error_class

TREE = {
    "ConfigurationError": (AutocallError, ValueError),
    "InvalidRequestError": (AutocallError, ValueError),
    "TransportError": (AutocallError,),
    "TransportTimeoutError": (autocall_otp.TransportError, TimeoutError),
    "ApiError": (AutocallError,),
    "BadRequestError": (autocall_otp.ApiError,),
    "AuthenticationError": (autocall_otp.ApiError,),
    "PermissionDeniedError": (autocall_otp.ApiError,),
    "NotFoundError": (autocall_otp.ApiError,),
    "ConflictError": (autocall_otp.ApiError,),
    "RateLimitedError": (autocall_otp.ApiError,),
    "ServerError": (autocall_otp.ApiError,),
    "InvalidResponseError": (AutocallError,),
    "CdrTimeoutError": (AutocallError, TimeoutError),
}


@pytest.mark.parametrize(("name", "bases"), TREE.items())
def test_the_tree_is_as_drawn(name: str, bases: tuple[type, ...]) -> None:
    assert getattr(autocall_otp, name).__bases__ == bases
    assert name in str(_errors.__doc__)


@pytest.mark.parametrize("name", TREE)
def test_errors_travel_as_themselves(name: str) -> None:
    error = getattr(autocall_otp, name)("words", outcome=Outcome.NOT_PLACED, ref_id="r1", retryable=True)
    if isinstance(error, autocall_otp.ApiError):
        error.status_code, error.errors, error.retry_after = 429, (FieldError("f", "m"),), 1.5
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert type(twin) is type(error)
        assert str(twin) == "words"
        assert vars(twin) == vars(error)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (302, "ApiError"), (400, "BadRequestError"), (401, "AuthenticationError"), (402, "ApiError"),
        (403, "PermissionDeniedError"), (404, "NotFoundError"), (408, "ApiError"), (409, "ConflictError"),
        (422, "BadRequestError"), (429, "RateLimitedError"), (499, "ServerError"), (500, "ServerError"),
        (503, "ServerError"), (520, "ServerError"), (799, "ServerError"),
    ],
)  # fmt: skip
def test_every_status_has_its_class(status: int, name: str) -> None:
    assert error_class(status).__name__ == name


def test_nothing_is_known_of_the_phone_unless_said() -> None:
    assert AutocallError("words").outcome is Outcome.UNKNOWN
    assert AutocallError("words").retryable is False


def test_an_error_without_more_says_what_its_kind_implies() -> None:
    for name in TREE:
        error = getattr(autocall_otp, name)("words")
        assert (error.outcome, error.ref_id) == (Outcome.UNKNOWN, None), name
        # A record that is not there yet may be there later; of all others, nothing is known to help.
        assert error.retryable is (name == "CdrTimeoutError"), name
    answered = autocall_otp.ApiError("words")
    assert (answered.status_code, answered.errors, answered.retry_after) == (0, (), None)
    assert autocall_otp.InvalidResponseError("words").status_code == 0
    assert autocall_otp.CdrTimeoutError("words").record is None


@pytest.mark.parametrize("name", TREE)
def test_an_error_keeps_what_is_known(name: str) -> None:
    for outcome, retryable in ((Outcome.PLACED, True), (Outcome.NOT_PLACED, False)):
        error = getattr(autocall_otp, name)("words", outcome=outcome, ref_id="r1", retryable=retryable)
        assert (str(error), error.outcome, error.ref_id, error.retryable) == ("words", outcome, "r1", retryable)


def test_an_answer_s_error_keeps_the_answer() -> None:
    complaint = FieldError("code_otp", "is wrong")
    error = autocall_otp.ApiError("words", status_code=429, errors=(complaint,), retry_after=2.5)
    assert (error.status_code, error.errors, error.retry_after) == (429, (complaint,), 2.5)
    assert autocall_otp.InvalidResponseError("words", status_code=201).status_code == 201
    record = autocall_otp.Cdr(id="c1")
    assert autocall_otp.CdrTimeoutError("words", record=record).record is record


def test_outcomes_have_words_of_their_own() -> None:
    assert {outcome.name: outcome.value for outcome in Outcome} == {
        "PLACED": "placed",
        "NOT_PLACED": "not placed",
        "UNKNOWN": "unknown",
    }
