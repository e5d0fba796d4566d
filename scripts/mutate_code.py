"""Change the wrapper in one place at a time, see whether a test notices, and write the table of docs/contract.md.

Names on the command line restrict it to some modules (`_flow`, `sandbox/store`), a folder (`sandbox`), or a group
(`core`, `helpers`); their rows alone are then written anew. With --again, only those that survived the last time are
tried again: quick, after a test was added. With --table nothing is tried: the table is made of the verdicts on file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

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
    parser.add_argument("--table", action="store_true", help="write the table of what was tried before")
    given = parser.parse_args()
    chosen = modules(given.modules)
    FOLDER.mkdir(exist_ok=True)
    left_out, survivors = known()
    if given.table:
        rows = [_row(module, _mutants(module), _verdicts(module), survivors) for module in chosen]
    else:
        covered = measure(FOLDER, left_out, {tests_beside(module) for module in chosen} if given.quick else ())
        prepare(covered.modules, FOLDER)
        most = 2 if given.quick else 3
        rows = [_tried(module, covered, survivors, again=given.again, most=most) for module in chosen]
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
    mutants = _mutants(module)
    # That tests were taken away since a verdict, only a full run tells.
    verdicts = _verdicts(module) if again else {}
    start = time.monotonic()
    source = _source(module)
    file = str((SOURCE / module).relative_to(ROOT))
    control = Mutant(file, place="module", diff="", first=1, last=len(source), around=(0, len(source)), source=source)
    waiting = [mutant for mutant in mutants if verdicts.get(_name(mutant)) not in {KILLED, TIMED_OUT}]
    try:
        for mutant, verdict in judge([control, *waiting] if waiting else [], covered, FOLDER, _WORKERS, most):
            if mutant is control and verdict not in {SURVIVED, UNTESTED}:
                sys.exit(f"{module}: its tests fail without any mutant: see the logs in {FOLDER}")
            verdicts[_name(mutant)] = verdict
    finally:
        _on_file(module).write_text(json.dumps(verdicts))
    row = _row(module, mutants, verdicts, survivors)
    print(f"{module}: {row.mutants} mutants, {row.killed} killed, {time.monotonic() - start:.0f} s", flush=True)
    return row


def _source(module: str) -> str:
    return (SOURCE / module).read_text(encoding="utf-8")


def _mutants(module: str) -> list[Mutant]:
    return mutants_of(str((SOURCE / module).relative_to(ROOT)), _source(module))


def _on_file(module: str) -> Path:
    """Where the verdicts on this very source are kept."""
    digest = hashlib.sha256(_source(module).encode()).hexdigest()[:16]
    return FOLDER / f"{module.replace('/', '.')}-{digest}.json"


def _verdicts(module: str) -> dict[str, str]:
    file = _on_file(module)
    found: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    return found


def _row(module: str, mutants: list[Mutant], verdicts: dict[str, str], survivors: list[Survivor]) -> Row:
    """Count them; print the survivors that have no reason, and the reasons that nobody needs."""
    if missing := sum(_name(mutant) not in verdicts for mutant in mutants):
        sys.exit(f"{module}: {missing} of its mutants have not been tried: run `make mutate-code ONLY={module}`")
    counts = Counter(verdicts[_name(mutant)] for mutant in mutants)
    reasons = {survivor.key for survivor in survivors}
    left = [mutant for mutant in mutants if verdicts[_name(mutant)] not in {KILLED, TIMED_OUT}]
    unexplained = [mutant for mutant in left if (module, mutant.place, mutant.diff) not in reasons]
    for mutant in unexplained:
        print(f"{mutant.file}:{mutant.first} {mutant.place}: {verdicts[_name(mutant)]}\n{mutant.diff}")
    _tell_stale(module, mutants, left, survivors)
    return Row(
        module, len(mutants), counts[KILLED] + counts[TIMED_OUT], counts[TIMED_OUT], len(left) - len(unexplained)
    )


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
