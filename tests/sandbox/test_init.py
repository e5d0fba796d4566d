from __future__ import annotations

import importlib
import sys

import pytest


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
