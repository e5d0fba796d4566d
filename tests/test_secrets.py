import pytest

from autocall_otp import Payload, mask_number
from autocall_otp._secrets import hide, hide_deeply, hide_in_words, mask_number_in, scrub, secrets_of


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


def test_a_number_of_eight_digits_is_the_first_that_shows_its_ends() -> None:
    assert (mask_number("1234567"), mask_number("12345678")) == ("***", "1234***678")
    assert mask_number("(0332)-665.711") == "0332***711"
    assert (mask_number_in(None), mask_number_in(""), mask_number_in("0332665711")) == ("None", "''", "'0332***711'")


def test_a_code_of_four_letters_is_hidden_within_words() -> None:
    assert hide("x1234x 123 x123x", {"1234": "#", "123": "*"}) == "x#x * x123x"
    assert mask_number("X0332665711X") == "X033***11X"
    assert hide("a.c abc", {"a.c": "*"}) == "* abc"
    assert hide("text", {"": "*"}) == "text"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("0123456", False), ("01234567", True), ("+12345678", True), ("8412345", False), ("84123456789", True),
        ("0 1 2 3 4 5 6 7", True), ("0   1234567", False), ("0123456789012", True), ("012345678901234", False),
        ("1234567890", False), ("-0332665711", False), ("x0332665711", False), ("0332665711-x", False),
        ("(0332) 665-711", True),
    ],
)  # fmt: skip
def test_what_looks_like_a_number(text: str, *, hidden: bool) -> None:
    assert ("***" in hide_in_words(f"call {text} now", {})) is hidden


def test_the_shortest_number_is_hidden_where_it_stands_alone() -> None:
    assert (hide_in_words("01234567", {}), hide_in_words("0123456", {})) == ("0123***567", "0123456")


def test_secrets_are_hidden_in_names_and_in_every_depth() -> None:
    value = {"LUAN001": [{"a": ("LUAN001")}, ["0332665711"]], "n": 7, "none": None, "yes": True}
    assert hide_deeply(value, {"LUAN001": "***"}) == {
        "***": [{"a": "***"}, ["0332***711"]], "n": 7, "none": None, "yes": True,
    }  # fmt: skip


def test_secrets_are_known_by_their_documented_names_only() -> None:
    record = {"code_otp": 7, "to_number": ["0332665711"], "code": "1234", "x": [{"code_otp": "1"}, "2"], "y": "3"}
    assert secrets_of(record) == {"1": "***"}
    assert secrets_of([{"phone_number": "0332665711"}]) == {"0332665711": "0332***711"}
    assert secrets_of({"code_otp": "1", "z": {"to_number": "0332665711"}}) == {"1": "***", "0332665711": "0332***711"}


def test_the_context_of_an_error_is_scrubbed_where_it_has_no_cause() -> None:
    error, context = RuntimeError("LUAN001", bytearray(b"LUAN001"), 1.5), ValueError("LUAN001")
    error.__context__ = context
    scrub(error, {"LUAN001": "***"})
    assert error.args == ("***", "bytearray(b'***')", 1.5)
    assert context.args == ("***",)
    scrub(None, {})


def test_a_payload_is_a_mapping_that_shows_names_only() -> None:
    found = Payload({"a": 1, "LUAN001": {"b": "LUAN001"}, "list": [[1]]}, {"LUAN001": "***"})
    assert repr(found) == "<Payload a, ***, list>"
    assert (len(found), list(found), "a" in found) == (3, ["a", "LUAN001", "list"], True)
    assert repr(found["LUAN001"]) == "<Payload b>"
    assert found["LUAN001"].masked() == {"b": "***"}
    found["list"][0].append(2)
    found.to_dict()["list"][0].append(2)
    assert found["list"] == [[1]]
    assert found.masked() == {"a": 1, "***": {"b": "***"}, "list": [[1]]}
    assert found.secrets() == {"LUAN001": "***"}
    assert hash(found) == hash(Payload({"list": 0, "a": 0, "LUAN001": 0}))
    assert hash(found) != hash(Payload({"a": 1}))
    assert (Payload() == {}, Payload().secrets(), repr(Payload())) == (True, {}, "<Payload >")
    assert Payload({"code_otp": "1"}, {"2": "#"}).secrets() == {"1": "***", "2": "#"}


def test_the_shortest_number_is_hidden_and_an_empty_secret_hides_nothing() -> None:
    assert hide_in_words("01234567", {}) == "0123***567"
    assert hide_in_words("0123456", {}) == "0123456"
    assert hide("a  b", {"": "***"}) == "a  b"
