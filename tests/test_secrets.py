import pytest

from autocall_otp import mask_number
from autocall_otp._secrets import hide, hide_deeply, hide_in_words, scrub, secrets_of


@pytest.mark.parametrize(
    ("number", "shown"),
    [("0332665711", "0332***711"), ("+84 332 665 711", "+843***711"), ("0332665", "***"), ("", "***")],
)
def test_a_number_shows_its_ends_only(number: str, shown: str) -> None:
    assert mask_number(number) == shown


def test_the_longest_secret_goes_first() -> None:
    assert hide("0332665711 and 3326", {"3326": "[code]", "0332665711": "[number]"}) == "[number] and [code]"


def test_a_short_code_is_hidden_as_a_word_and_spares_the_rest() -> None:
    assert hide("code 12, at 10:12:20 in 2012", {"12": "***"}) == "code ***, at 10:***:20 in 2012"


@pytest.mark.parametrize("text", ["0332665711", "0332 665 711", "+84 (332) 665.711", "84332665711", "+14155550123"])
def test_whatever_looks_like_a_number_is_hidden_in_words(text: str) -> None:
    assert text not in hide_in_words(f"number {text} is blocked", {})


@pytest.mark.parametrize(
    "text", ["f77dfcf4-0759-4179-93cb-741f481a776e", "2023-03-07 10:06:53", "00000000-0000-4000-8000-000000000001"]
)
def test_ids_and_times_are_no_numbers(text: str) -> None:
    assert hide_in_words(f"call {text} failed", {}) == f"call {text} failed"


def test_a_record_names_its_own_secrets() -> None:
    record = {
        "to_number": "0332665711",
        "additional": {"code_otp": "LUAN001", "list": [{"phone_number": "0900000001"}]},
    }
    secrets = secrets_of(record)
    assert secrets == {"0332665711": "0332***711", "LUAN001": "***", "0900000001": "0900***001"}
    assert hide_deeply({"note": ["said LUAN001 to 0332665711", 7, None]}, secrets) == {
        "note": ["said *** to 0332***711", 7, None]
    }


def test_an_error_and_its_causes_lose_their_secrets() -> None:
    cause = ValueError(b"illegal line LUAN001", 7)
    error = RuntimeError("saw LUAN001")
    error.__cause__ = cause
    cause.__context__ = error  # a loop must not hang it
    scrub(error, {"LUAN001": "***"})
    assert str(error) == "saw ***"
    assert "LUAN001" not in repr(cause)
    assert cause.args[1] == 7
