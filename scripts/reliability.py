"""Put every fault of the catalogue through the SDK, over each transport, and write the tables of docs/reliability.md.

Prints each call with its time. Fails, and writes nothing, where something else happened than the catalogue expects.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from faults.catalogue import CATALOGUE, expected  # noqa: E402 - the catalogue lives with the tests
from faults.observe import observe_all  # noqa: E402 - the same
from faults.page import complete, printed  # noqa: E402 - the same
from faults.scenes import surroundings  # noqa: E402 - the same
from faults.ways import WAYS, over  # noqa: E402 - the same

PAGE = ROOT / "docs" / "reliability.md"

misses = 0
for way in WAYS:
    with over(way), surroundings(), ThreadPoolExecutor(2) as pool:
        for fault, rows in zip(CATALOGUE, pool.map(observe_all, CATALOGUE), strict=True):
            for row in rows:
                due = expected(fault, row.way, row.shell, row.operation)
                print(printed(row), "" if row.told == due else f" EXPECTED {due}")
                misses += row.told != due
if not misses:
    PAGE.write_text(complete(PAGE.read_text(encoding="utf-8"), CATALOGUE), encoding="utf-8")
sys.exit(bool(misses))
