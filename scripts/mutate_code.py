"""Change the wrapper in one place at a time, see whether a test notices, and write the table of docs/contract.md.

Names on the command line restrict it to some modules (`_flow`, `sandbox/store`), a folder (`sandbox`), or a group
(`core`, `helpers`); their rows alone are then written anew. With --again, only those that survived the last time are
tried again: quick, after a test was added.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter

from code_mutants.cover import Map, measure
from code_mutants.make import Mutant, mutants_of
from code_mutants.session import prepare
from code_mutants.table import CORE, PAGE, ROOT, SOURCE, Row, Survivor, known, modules, replaced
from code_mutants.trial import KILLED, SURVIVED, TIMED_OUT, UNTESTED, judge, tests_beside

FOLDER = ROOT / ".mutants"
_GOAL = 0.95
# Some trials only wait, for an answer that their mutant keeps from coming.
_WORKERS = (os.cpu_count() or 1) + 2


def main() -> int:
    """Try the mutants of each module; fail where too many survived in one of the core."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="what to change; everything where nothing is named")
    parser.add_argument("--again", action="store_true", help="try only those that survived the last time")
    parser.add_argument("--quick", action="store_true", help="leave out the tests of other folders; writes no table")
    parser.add_argument("--no-page", action="store_true", help="print the survivors, and write no table")
    given = parser.parse_args()
    chosen = modules(given.modules)
    FOLDER.mkdir(exist_ok=True)
    left_out, survivors = known()
    covered = measure(FOLDER, left_out, {tests_beside(module) for module in chosen} if given.quick else ())
    prepare(covered.modules, FOLDER)
    rows = [_tried(module, covered, survivors, again=given.again, most=2 if given.quick else 3) for module in chosen]
    if not (given.no_page or given.quick):
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(replaced(page, [row for row in rows if row.mutants], survivors), encoding="utf-8")
    low = [row.module for row in rows if row.module in CORE and row.killed < _GOAL * row.mutants]
    if low:
        print(
            f"Less than {_GOAL:.0%} of the mutants were killed in {', '.join(low)}: write the tests that are missing."
        )
    return int(bool(low))


def _tried(module: str, covered: Map, survivors: list[Survivor], *, again: bool, most: int) -> Row:
    source = (SOURCE / module).read_text(encoding="utf-8")
    mutants = mutants_of(str((SOURCE / module).relative_to(ROOT)), source)
    if not mutants:
        return Row(module, 0, 0, 0, 0)
    # A verdict on file holds for the same source; that tests were taken away meanwhile, only a full run tells.
    file = FOLDER / f"{module.replace('/', '.')}-{hashlib.sha256(source.encode()).hexdigest()[:16]}.json"
    verdicts: dict[str, str] = json.loads(file.read_text()) if again and file.exists() else {}
    start = time.monotonic()
    control = Mutant(
        file=mutants[0].file, place="module", diff="", first=1, last=len(source), around=(0, len(source)), source=source
    )
    waiting = [mutant for mutant in mutants if verdicts.get(_name(mutant)) not in {KILLED, TIMED_OUT}]
    try:
        for mutant, verdict in judge([control, *waiting], covered, FOLDER, workers=_WORKERS, most=most):
            if mutant is control and verdict not in {SURVIVED, UNTESTED}:
                sys.exit(f"{module}: its tests fail without any mutant: see the logs in {FOLDER}")
            verdicts[_name(mutant)] = verdict
    finally:
        file.write_text(json.dumps(verdicts))
    counts = Counter(verdicts[_name(mutant)] for mutant in mutants)
    killed = counts[KILLED] + counts[TIMED_OUT]
    reasons = {survivor.key for survivor in survivors}
    left = [mutant for mutant in mutants if verdicts[_name(mutant)] not in {KILLED, TIMED_OUT}]
    unexplained = [mutant for mutant in left if (module, mutant.place, mutant.diff) not in reasons]
    for mutant in unexplained:
        print(f"{mutant.file}:{mutant.first} {mutant.place}: {verdicts[_name(mutant)]}\n{mutant.diff}")
    _tell_stale(module, mutants, left, survivors)
    print(f"{module}: {len(mutants)} mutants, {killed} killed, {time.monotonic() - start:.0f} s", flush=True)
    return Row(module, len(mutants), killed, counts[TIMED_OUT], len(left) - len(unexplained))


def _name(mutant: Mutant) -> str:
    return f"{mutant.first} {mutant.place}\n{mutant.diff}"


def _tell_stale(module: str, mutants: list[Mutant], left: list[Mutant], survivors: list[Survivor]) -> None:
    made = {(mutant.place, mutant.diff) for mutant in mutants}
    alive = {(mutant.place, mutant.diff) for mutant in left}
    for survivor in survivors:
        if survivor.module == module and (survivor.place, survivor.diff) not in alive:
            why = "a test kills it" if (survivor.place, survivor.diff) in made else "there is no such mutant"
            print(f"tests/mutants.toml: {why}: {module} {survivor.place}\n{survivor.diff}")


if __name__ == "__main__":
    sys.exit(main())
