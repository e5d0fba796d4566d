"""Put every fault of the catalogue through the SDK, and write the table of docs/reliability.md.

Run with --check, it writes nothing and fails when the page says something else than what happened.
"""

import argparse
import difflib
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from faults.catalogue import CATALOGUE  # noqa: E402 - the catalogue lives with the tests
from faults.observe import OPERATIONS, SHELLS, Row, observe  # noqa: E402 - the same
from faults.page import markdown, printed, replaced  # noqa: E402 - the same
from faults.scenes import surroundings  # noqa: E402 - the same
from faults.ways import WAYS, over  # noqa: E402 - the same

PAGE = ROOT / "docs" / "reliability.md"


def rows() -> list[Row]:
    """One call for each fault, transport, client and operation; four at a time."""
    found = list[Row]()
    for way in WAYS:
        with over(way), surroundings(), ThreadPoolExecutor(4) as pool:
            found += pool.map(lambda case: observe(*case), product(CATALOGUE, SHELLS, OPERATIONS))
    order = [fault.name for fault in CATALOGUE]
    return sorted(found, key=lambda row: order.index(row.fault))


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the page is stale; write nothing")
    check = parser.parse_args().check
    observed = rows()
    old = PAGE.read_text(encoding="utf-8")
    new = replaced(old, markdown(observed))
    if not check:
        print(printed(observed))
        PAGE.write_text(new, encoding="utf-8")
        return 0
    if old != new:
        print(
            *difflib.unified_diff(old.splitlines(), new.splitlines(), "the page", "what happened", lineterm=""),
            sep="\n",
        )
        print("docs/reliability.md is stale: run scripts/reliability.py")
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
