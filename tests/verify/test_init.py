"""The names of the package, and what it is built on."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import autocall_otp
from autocall_otp import verify

PACKAGE = Path(verify.__file__).parent


def test_the_public_names() -> None:
    assert verify.__all__ == [
        "AsyncRedisStore",
        "AsyncStore",
        "AsyncVerifier",
        "Challenge",
        "Check",
        "Limits",
        "MemoryStore",
        "RedisStore",
        "SqliteStore",
        "Store",
        "TooManyCallsError",
        "Verdict",
        "Verifier",
    ]
    assert [name for name in verify.__all__ if not hasattr(verify, name)] == []


def test_it_is_built_on_the_standard_library_and_the_public_sdk() -> None:
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            modules = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
                if node.module == "autocall_otp":
                    assert {name.name for name in node.names} - {"verify"} <= set(autocall_otp.__all__), file.name
            for module in modules:
                top = module.partition(".")[0]
                allowed = module == "autocall_otp" or module.startswith("autocall_otp.verify")
                redis = top == "redis" and file.name == "_redis.py"
                assert allowed or redis or top in sys.stdlib_module_names, f"{file.name} imports {module}"


def test_the_sdk_does_without_it() -> None:
    code = "import sys, autocall_otp; print([name for name in sys.modules if 'verify' in name and 'autocall' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    code = "import sys, autocall_otp.verify; print('redis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
