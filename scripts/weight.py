"""Print how many lines each part of the repository has, and how long the last `make test` took."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = {
    "core": ("src/autocall_otp/_", "src/autocall_otp/cli.py", "src/autocall_otp/models.py"),
    "command": ("src/autocall_otp/_cli/", "src/autocall_otp/cli.py"),
    "sandbox": ("src/autocall_otp/sandbox/",),
    "verify": ("src/autocall_otp/verify/",),
    "src in all": ("src/",),
    "tests of the core": ("tests/test_", "tests/operations/", "tests/sansio/", "tests/transport/"),
    "faults": ("tests/faults/",),
    "tests of the command": ("tests/cli/",),
    "tests of the sandbox": ("tests/sandbox/",),
    "tests of verify": ("tests/verify/", "tests/logins/"),
    "tests of the contract": ("tests/contract/", "tests/growth/", "tests/support/agree/"),
    "tests of the recipes": ("tests/examples/",),
    "tests in all": ("tests/",),
    "scripts": ("scripts/",),
    "benchmarks": ("benchmarks/",),
    "recipes": ("examples/",),
}
"""What the paths of each part begin with."""

git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.sh"]
found = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
lines = {name: (ROOT / name).read_bytes().count(b"\n") for name in found if (ROOT / name).exists()}
counted = {part: sum(lines[name] for name in lines if name.startswith(PARTS[part])) for part in PARTS}
counted["core"] -= counted["command"]
for part, count in counted.items():
    print(f"{count:7,}  {part}")
print(f"{counted['tests in all'] / counted['src in all']:7.2f}  lines of tests for each line of src")
timed = ROOT / ".test-time"
print(timed.read_text(encoding="utf-8").strip() if timed.exists() else "make test has not passed here yet")
