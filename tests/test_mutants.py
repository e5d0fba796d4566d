"""How `make mutate-code` makes its mutants, picks their tests, and keeps its reasons."""

import ast
import os
import signal
from collections import Counter

import pytest

pytest.importorskip("mutmut")
pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]

from code_mutants.cover import Map  # noqa: E402 - they need mutmut
from code_mutants.make import Mutant, mutants_of  # noqa: E402 - the same
from code_mutants.table import (  # noqa: E402 - the same
    CORE,
    PAGE,
    SOURCE,
    Row,
    Survivor,
    known,
    modules,
    replaced,
    told,
)
from code_mutants.trial import (  # noqa: E402 - the same
    KILLED,
    SURVIVED,
    TIMED_OUT,
    UNTESTED,
    _session,
    _verdict,
    rounds,
)
from mutate_code import _name, _row  # noqa: E402 - the same

LEFT_OUT, SURVIVORS = known()
STALE = "docs/contract.md is stale: run `make mutate-code`, or `make mutate-code ONLY=…` for the modules that changed"
EXAMPLE = '''"""A docstring."""

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import os

T = TypeVar("T")
TABLE = ("a", "b")


class Thing:
    """Another."""

    size: int = 3

    @property
    def large(self) -> "bool":
        if self.size:
            return self.size > 5
        return False
'''


def test_mutants_are_made_of_what_acts_and_of_nothing_else() -> None:
    made = {(mutant.place, mutant.diff) for mutant in mutants_of("example.py", EXAMPLE)}
    for place, before, after in [
        ("module", 'TABLE = ("a", "b")', 'TABLE = ("b", )'),
        ("module", 'TABLE = ("a", "b")', 'TABLE = ("XXaXX", "b")'),
        ("Thing", "size: int = 3", "size: int = 4"),
        ("Thing.large", "if self.size:", "if not (self.size):"),
        ("Thing.large", "return self.size > 5", "return self.size >= 5"),
        ("Thing.large", "return False", "return True"),
    ]:
        assert (place, f"- {before}\n+ {after}") in made, after
    text = " ".join(diff for _, diff in made)
    assert not [word for word in ("TypeVar(", "docstring", "Another", "bool", "TYPE_CHECKING") if word in text]


def test_a_mutant_is_the_module_with_one_change() -> None:
    for mutant in mutants_of("example.py", EXAMPLE):
        gone = [line for line in EXAMPLE.splitlines() if line not in mutant.source.splitlines()]
        assert len(gone) == 1
        ast.parse(mutant.source)
    assert mutants_of("example.py", EXAMPLE)[-1].around == (17, 21)


def test_a_reason_belongs_to_a_line_that_is_there() -> None:
    for survivor in SURVIVORS:
        source = (SOURCE / survivor.module).read_text(encoding="utf-8")
        lines = {line.strip() for line in source.splitlines()}
        changed = survivor.diff.splitlines()
        assert {line[:2] for line in changed} <= {"- ", "+ "}, survivor
        assert any(line.startswith("- ") for line in changed), survivor
        assert all(line[2:] in lines for line in changed if line.startswith("- ")), survivor
        assert f" {survivor.place.rpartition('.')[2]}" in source or survivor.place == "module", survivor
        assert survivor.reason
    assert len({survivor.key for survivor in SURVIVORS}) == len(SURVIVORS)


def test_what_is_left_out_is_there() -> None:
    root = SOURCE.parent.parent
    assert [path for path in LEFT_OUT if not (root / path).exists()] == []


def test_modules_are_named_one_by_one_or_together() -> None:
    assert modules(["_flow"]) == modules(["_flow.py"]) == ["_flow.py"]
    assert modules(["core"]) == ["_flow.py", "_operations.py", "models.py", "_errors.py"]
    assert "sandbox/store.py" in modules(["sandbox"])
    assert set(modules([])) > {"_flow.py", "_lanes.py", "sandbox/store.py", "_cli/run.py"}
    with pytest.raises(SystemExit, match="no-such-module"):
        modules(["no-such-module"])


def test_a_table_keeps_the_rows_that_were_not_tried_again() -> None:
    survivors = [Survivor("_flow.py", "persist", "- a\n+ b", "both are the same")]
    empty = "before\n<!-- code mutants: begin -->\n\n<!-- code mutants: end -->\nafter"
    page = replaced(empty, [Row("_flow.py", 200, 199, 3, 1), Row("sandbox/store.py", 10, 5, 0, 0)], survivors)
    assert "| _flow.py | 200 | 199 | 3 | 1 | 1 | 99.5 % |" in page
    assert "| **all** | **210** | **204** | **3** | **6** | **1** | **97.1 %** |" in page
    assert "`persist`, 1: both are the same" in page
    assert page.startswith("before\n")
    assert page.endswith("\nafter")
    again = replaced(page, [Row("_flow.py", 200, 200, 0, 0)], [])
    assert "| _flow.py | 200 | 200 | 0 | 0 | 0 | 100.0 % |" in again
    assert "| sandbox/store.py | 10 | 5 | 0 | 5 | 0 | 50.0 % |" in again
    with pytest.raises(ValueError, match="marks"):
        replaced("no marks", [], [])


def test_the_module_s_own_tests_go_first_and_the_dear_ones_last() -> None:
    own, beside, far = "tests/test_flow.py::a", "tests/test_manners.py::b", "tests/faults/test_faults.py::c"
    dear = "tests/test_client.py::dear"
    covered = Map(
        {own: 0.1, beside: 0.1, far: 0.1, dear: 99.0},
        {"src/autocall_otp/_flow.py": {5: [own, far, dear], 7: [beside]}},
        [],
    )
    inside = Mutant("src/autocall_otp/_flow.py", "persist", "- a\n+ b", 5, 5, (4, 9), "")
    assert rounds(inside, covered) == [[own], [beside], [far]]
    elsewhere = Mutant("src/autocall_otp/_flow.py", "pause", "- a\n+ b", 20, 20, (19, 30), "")
    assert rounds(elsewhere, covered) == [[own]]
    outside = Mutant("src/autocall_otp/_flow.py", "module", "- a\n+ b", 1, 1, (0, 99), "")
    assert rounds(outside, covered) == [[own], [beside], [far]]


def test_only_a_run_that_passed_spares_a_mutant() -> None:
    assert _verdict(0) == SURVIVED
    assert [_verdict(code << 8) for code in (1, 2, 3, 4, 70)] == [KILLED] * 5
    assert [_verdict(number) for number in (signal.SIGXCPU, signal.SIGKILL)] == [TIMED_OUT] * 2
    assert _verdict(signal.SIGSEGV) == KILLED
    with pytest.raises(RuntimeError, match="stale"):
        _verdict(5 << 8)
    assert os.waitstatus_to_exitcode(5 << 8) == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_row_counts_verdicts_and_tells_what_lacks_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    mutants = mutants_of("example.py", EXAMPLE)
    verdicts = {_name(mutant): KILLED for mutant in mutants}
    timed_out, excused, left, untested = mutants[:4]
    odd = {timed_out: TIMED_OUT, excused: SURVIVED, left: SURVIVED, untested: UNTESTED}
    verdicts |= {_name(mutant): verdict for mutant, verdict in odd.items()}
    reasons = [
        Survivor("example.py", excused.place, excused.diff, "equal"),
        Survivor("example.py", timed_out.place, timed_out.diff, "stale"),
        Survivor("example.py", "Gone", "- a\n+ b", "stale"),
    ]
    assert _row("example.py", mutants, verdicts, reasons) == Row("example.py", len(mutants), len(mutants) - 3, 1, 1)
    printed = capsys.readouterr().out
    assert f"{left.place}: survived\n{left.diff}\n" in printed
    assert f"{untested.place}: untested\n{untested.diff}\n" in printed
    assert f"a test kills it: example.py {timed_out.place}\n" in printed
    assert "there is no such mutant: example.py Gone\n" in printed
    assert f"{excused.diff}\n" not in printed
    del verdicts[_name(left)]
    with pytest.raises(SystemExit, match="example.py: 1 of its mutants have not been tried"):
        _row("example.py", mutants, verdicts, [])


def test_a_mutant_that_nobody_would_see_is_not_tried() -> None:
    mutant = Mutant("src/autocall_otp/_flow.py", "module", "- a\n+ b", 1, 1, (0, 99), "")
    with pytest.raises(RuntimeError, match="imported before the fork"):
        _session(mutant, [])


def test_the_page_tells_of_every_module_and_of_every_reason() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = told(page)
    only_words = {each for each in modules([]) if len(ast.parse((SOURCE / each).read_text("utf-8")).body) == 1}
    assert set(rows) == set(modules([])) - only_words, STALE
    counted = Counter(survivor.module for survivor in SURVIVORS)
    assert {module: row.with_reason for module, row in rows.items() if row.with_reason} == counted, STALE
    assert page == replaced(page, [], SURVIVORS), STALE


@pytest.mark.parametrize("module", CORE)
def test_the_figures_of_the_core_are_those_of_today_s_source(module: str) -> None:
    file = str((SOURCE / module).relative_to(SOURCE.parent.parent))
    row = told(PAGE.read_text(encoding="utf-8"))[module]
    assert row.mutants == len(mutants_of(file, (SOURCE / module).read_text(encoding="utf-8"))), STALE
    assert row.survived == row.with_reason, "every survivor needs its reason, in tests/mutants.toml"
    assert row.killed >= 0.95 * row.mutants
