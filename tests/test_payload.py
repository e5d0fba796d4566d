"""A JSON object as it came."""

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.flows import CODE, NUMBER

from autocall_otp import Payload
from autocall_otp._redact import Secrets

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON))
def test_it_is_the_object_that_came(values: dict[str, Any]) -> None:
    found = Payload(values)
    assert found == values
    assert found.to_dict() == values
    assert json.loads(json.dumps(found.to_dict())) == values
    assert (list(found), len(found)) == (list(values), len(values))
    assert hash(found) == hash(Payload(dict(values)))


def test_it_is_read_only_and_independent() -> None:
    found = Payload({"a": 1, "inner": {"b": [1]}, "list": [[1]]})
    with pytest.raises(TypeError):
        found["a"] = 2  # type: ignore[index] # not supported, as it should be
    assert isinstance(found["inner"], Payload)
    found["list"][0].append(2)
    found["inner"]["b"].append(2)
    found.to_dict()["list"][0].append(2)
    assert found == {"a": 1, "inner": {"b": [1]}, "list": [[1]]}
    assert Payload() == {}


def test_its_pickle_its_repr_and_its_masked_form_hold_no_secret() -> None:
    found = Payload({"code_otp": "1234", "note": f"1234 and {CODE} to {NUMBER}", CODE: 7}, Secrets(codes=[CODE]))
    wanted = {"code_otp": "***", "note": "*** and *** to 0332***711", "***": 7}
    assert found.masked() == wanted
    packed = pickle.dumps(found)
    assert pickle.loads(packed) == wanted  # noqa: S301 - our own bytes
    assert not [secret for secret in (CODE, NUMBER, "1234") if secret.encode() in packed]
    assert repr(found) == str(found) == "<Payload code_otp, note, ***>", "names only"
    assert found["note"] == f"1234 and {CODE} to {NUMBER}"


def test_a_secret_under_its_name_is_masked_whatever_json_makes_of_it() -> None:
    values = {"code_otp": ["1234", {"it": 5678.0}], "phone_number": {"is": float(NUMBER)}, "note": [1234.0, 5678, 1.5]}
    found = Payload(values)
    wanted = {"code_otp": ["***", {"it": "***"}], "phone_number": {"is": "***711"}, "note": ["***", "***", 1.5]}
    assert found.masked() == wanted
    assert pickle.loads(pickle.dumps(found)) == wanted  # noqa: S301 - our own bytes


def test_a_part_of_it_keeps_the_secrets_of_the_whole() -> None:
    found = Payload({"code_otp": "1234", "echo": {"1234": {"digits": f"1234 {CODE}"}}}, Secrets(codes=[CODE]))
    part = found["echo"]["1234"]
    assert part == {"digits": f"1234 {CODE}"}
    assert part.masked() == {"digits": "*** ***"}
    assert repr(found["echo"]) == "<Payload ***>"
    assert b"1234" not in pickle.dumps(part)
