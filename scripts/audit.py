"""Ask the vulnerability database about every pinned Python package.

Exits with 1 on a known vulnerability. Where the database is out of reach it says so and exits with 0, or, with
--strict (as CI with a network does), with 1: a package that was not looked at is not a clean one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# The shortest first: where the database is out of reach, that one tells.
LOCKS = ("requirements/lowest.txt", "requirements/dev.txt", "requirements/docs.txt", "requirements/examples.txt")


def audit(lock: str) -> list[dict[str, Any]]:
    """What pip-audit says of each package; nothing when it cannot work at all."""
    command = [str(Path(sys.executable).parent / "pip-audit"), "--disable-pip", "--require-hashes", "-r", lock]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True, check=False
    )
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return []
    return packages


def main() -> None:
    """Audit every lock and report."""
    looked_at, total, findings = 0, 0, list[str]()
    for lock in LOCKS:
        packages = audit(lock) if looked_at or lock == LOCKS[0] else []
        total += sum(" \\" in line and "==" in line for line in Path(lock).read_text(encoding="utf-8").splitlines())
        looked_at += sum("skip_reason" not in package for package in packages)
        findings += [
            f"{lock}: {package['name']} {package['version']}: {', '.join(each['id'] for each in package['vulns'])}"
            for package in packages
            if package.get("vulns")
        ]
    print(
        f"{looked_at} of {total} pinned packages looked up in the vulnerability database, {len(findings)} with findings"
    )
    if findings:
        sys.exit("\n".join(findings))
    if looked_at < total:
        print("The rest was not looked at: the database is out of reach from here.")
        sys.exit("--strict" in sys.argv[1:])


if __name__ == "__main__":
    main()
