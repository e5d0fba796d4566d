"""Print how many lines each part of the repository has, and how long the last `make test` took."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = {
    "core": ("src/autocall_otp/", ("_cli", "sandbox", "verify", "cli.py", "pytest_plugin.py")),
    "command": ("src/autocall_otp/_cli/", ()),
    "sandbox": ("src/autocall_otp/sandbox/", ()),
    "verify": ("src/autocall_otp/verify/", ()),
    "src in all": ("src/", ()),
    "tests of the core": ("tests/test_", ()),
    "faults": ("tests/faults/", ()),
    "tests of the command": ("tests/cli/", ()),
    "tests of the sandbox": ("tests/sandbox/", ()),
    "tests of verify": ("tests/verify/", ()),
    "tests of the contract": ("tests/contract/", ()),
    "support of the tests": ("tests/support/", ()),
    "tests of the recipes": ("tests/examples/", ()),
    "tests in all": ("tests/", ()),
    "scripts": ("scripts/", ()),
    "benchmarks": ("benchmarks/", ()),
    "recipes": ("examples/", ()),
}
"""Where each part is, and what there belongs to another."""


def lines(under: str, apart: tuple[str, ...], files: list[str]) -> int:
    """Lines of Python and shell under a folder or a prefix."""
    left_out = tuple(under + name for name in apart)
    chosen = [name for name in files if name.startswith(under) and not name.startswith(left_out or "\0")]
    return sum(len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in chosen)


def main() -> None:
    """Count what git knows or would add."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.sh"]
    found = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    files = [name for name in found if (ROOT / name).exists()]
    counted = {part: lines(*where, files) for part, where in PARTS.items()}
    for part, count in counted.items():
        print(f"{count:7,}  {part}")
    print(f"{counted['tests in all'] / counted['src in all']:7.2f}  lines of tests for each line of src")
    timed = ROOT / ".test-time"
    print(timed.read_text(encoding="utf-8").strip() if timed.exists() else "make test has not passed here yet")


if __name__ == "__main__":
    main()
