from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

PUBLIC = {
    *("DEFAULT_TOKEN", "Call", "Chaos", "Clock", "NotRingingError", "NotTalkingError", "ReceivedRequest", "Sandbox"),
}


def test_the_package_offers_these_names() -> None:
    names: dict[str, Any] = {}
    exec("from autocall_otp.sandbox import *", names)  # noqa: S102 - the one way to see what a star brings
    assert names.keys() - {"__builtins__"} == PUBLIC
    assert names["DEFAULT_TOKEN"] == "sandbox"


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (
            "yaml",
            "the sandbox needs yaml: pip install 'autocall-otp[sandbox]' (in a checkout: pip install '.[sandbox]')",
        ),
        ("autocall_otp.sandbox.clock", "import of autocall_otp.sandbox.clock halted; None in sys.modules"),
    ],
)
def test_without_the_extra_it_says_what_to_install_and_a_fault_of_its_own_is_not_blamed_on_it(
    monkeypatch: pytest.MonkeyPatch, missing: str, words: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("autocall_otp.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("autocall_otp.sandbox")
    assert (str(caught.value), caught.value.name) == (words, missing)
