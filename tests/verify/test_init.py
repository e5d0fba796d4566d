"""What the package is built on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from autocall_otp import verify


def test_its_names_are_there() -> None:
    assert sorted(verify.__all__) == verify.__all__
    assert [name for name in verify.__all__ if not hasattr(verify, name)] == []


def test_it_is_built_on_the_standard_library_and_the_sdk() -> None:
    for file in Path(verify.__file__).parent.glob("*.py"):
        imported = set(
            re.findall(r"^ *(?:from|import) (\w+)[\w.]*(?: import .*)?$", file.read_text("utf-8"), re.MULTILINE)
        )
        others = imported - sys.stdlib_module_names - {"autocall_otp"}
        assert others == ({"redis"} if file.name == "_redis.py" else set())


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    code = """
import sys, autocall_otp
print("autocall_otp.verify" in sys.modules)
import autocall_otp.verify
print("redis" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nFalse\n"
