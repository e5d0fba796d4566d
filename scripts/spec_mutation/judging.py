"""Putting a changed contract before the judges, the cheapest first, until one of them says no."""

from __future__ import annotations

import json
import queue
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import attrs
import contract
from support.agree import CHECKS
from support.agree.elements import Json

from spec_mutation.mutation import Mutation
from spec_mutation.reasons import Rule, rule_for

SLOW = (
    contract.LINT,
    contract.REDOCLY_LINT,
    contract.GENERATOR,
    contract.NAMES,
    contract.WRAPPER,
    contract.PRISM,
    contract.SANDBOX,
)
NAMES = tuple(dict.fromkeys([*CHECKS, *(judge.name for judge in SLOW)]))
"""Every judge, in the order in which they are asked."""
SPARED = tuple(name for name in NAMES if name != contract.GENERATOR.name)
"""Those that can be left out: without generated code there is nothing to judge."""
_CONTROL, _EXCUSED = "nothing changed", "all that should change nothing, at once"
_FINDINGS = (" problem", "Validation failed")
"""How Spectral and Redocly close a report in which they found something."""
_COPIED = ("src", "tests", "scripts", "pyproject.toml", ".spectral.yaml", "redocly.yaml")


@attrs.frozen
class Outcome:
    """What became of a mutation."""

    mutation: Mutation
    killed_by: str = ""
    """The judge that noticed; empty when none did."""
    words: str = ""
    """What it said."""
    rule: Rule | None = None
    """Why that none noticed is in order, where it is."""

    @property
    def survived(self) -> bool:
        """Whether nobody noticed, and somebody should have."""
        return not self.killed_by and self.rule is None


@attrs.frozen
class Scratch:
    """A copy of the checkout whose contract may be changed."""

    root: Path

    def objection(self, document: Json, without: frozenset[str] = frozenset()) -> tuple[str, str] | None:
        """The first judge that says no, and what it says; the generated code is made anew before it is asked about."""
        for judge, verdict in self._verdicts(document, without):
            if not verdict.agrees:
                return judge.name if _is_meant(verdict) else "", str(verdict)
        return None

    def objectors(self, document: Json) -> set[str]:
        """Every judge that says no when it is asked alone."""
        verdicts = self._verdicts(document, frozenset())
        return {judge.name for judge, verdict in verdicts if not verdict.agrees and _is_meant(verdict)}

    def _verdicts(self, document: Json, without: frozenset[str]) -> Iterator[tuple[contract.Judge, contract.Verdict]]:
        # JSON is YAML, and leaves no parser a choice: one may take an unquoted 0287 for a number, another may not.
        (self.root / "openapi.yaml").write_text(json.dumps(document, indent=1), encoding="utf-8")
        for judge in SLOW:
            if judge is contract.GENERATOR or judge.name not in without:
                yield judge, contract.judged(judge, self.root, *(("-x",) if "pytest" in judge.command else ()))


def _is_meant(verdict: contract.Verdict) -> bool:
    """Whether it says what is wrong: a test or a tool that only broke down does not."""
    said = _FINDINGS if verdict.judge.name == contract.LINT.name else (" disagree",)
    return any(words in verdict.words for words in said)


@contextmanager
def scratch() -> Iterator[Scratch]:
    """A fresh copy; it is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="autocall-otp-") as name:
        root = Path(name)
        for each in _COPIED:
            source = contract.ROOT / each
            if source.is_dir():
                shutil.copytree(source, root / each, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
            else:
                shutil.copy(source, root / each)
        yield Scratch(root)


def quick(mutation: Mutation, document: Json, without: frozenset[str]) -> Outcome | None:
    """The verdict of the checks that take milliseconds; None when they all agree."""
    changed = mutation.applied(document)
    if changed == document:
        raise ValueError(f"it changes nothing: {mutation.name}")
    for name, check in CHECKS.items():
        found = check(changed) if name not in without else []
        if found:
            return Outcome(mutation, name, str(found[0]))
    return None


def _slow(batch: Sequence[Mutation], document: Json, on: Scratch, without: frozenset[str]) -> list[Outcome]:
    """The verdicts on mutations that should change nothing, all at once; taken apart only where somebody objects."""
    changed = document
    for mutation in batch:
        changed = mutation.applied(changed)
    objection = on.objection(changed, without)
    if objection is not None and not batch:
        raise RuntimeError(f"the contract as it is does not pass, so no mutation can be judged: {objection[1]}")
    if objection is None:
        return [Outcome(mutation, rule=rule_for(mutation)) for mutation in batch]
    if len(batch) == 1:
        return [Outcome(batch[0], *objection)]
    middle = len(batch) // 2
    return [each for half in (batch[:middle], batch[middle:]) for each in _slow(half, document, on, without)]


def judge_all(
    mutations: Sequence[Mutation], document: Json, jobs: int = 2, without: frozenset[str] = frozenset()
) -> list[Outcome]:
    """What becomes of each mutation, in their order."""
    outcomes = {mutation.name: quick(mutation, document, without) for mutation in mutations}
    # The first batch changes nothing: whoever objects to it would object to every mutation, and judge none.
    batches: dict[str, list[Mutation]] = {_CONTROL: []}
    for mutation in mutations:
        if outcomes[mutation.name] is None:
            batches.setdefault(_EXCUSED if rule_for(mutation) else mutation.name, []).append(mutation)
    # What is renamed is found no more under its old name: that comes last.
    batches.get(_EXCUSED, []).sort(key=lambda mutation: mutation.how == "rename")
    copies: queue.SimpleQueue[Scratch] = queue.SimpleQueue()

    def run(batch: list[Mutation]) -> list[Outcome]:
        on = copies.get()
        try:
            return _slow(batch, document, on, without)
        finally:
            copies.put(on)

    if len(batches) == 1:
        batches.clear()
    with _copies(min(jobs, len(batches)), copies), ThreadPoolExecutor(max(jobs, 1)) as pool:
        for found in pool.map(run, batches.values()):
            outcomes |= {outcome.mutation.name: outcome for outcome in found}
    return [outcome for outcome in outcomes.values() if outcome is not None]


@contextmanager
def _copies(count: int, into: queue.SimpleQueue[Scratch]) -> Iterator[None]:
    if count < 1:
        yield
        return
    with scratch() as copy, _copies(count - 1, into):
        into.put(copy)
        yield


def asked_alone(mutations: Sequence[Mutation], document: Json, jobs: int = 2) -> list[set[str]]:
    """For each mutation the judges that notice it when they are asked alone, not only after the cheaper ones."""
    copies: queue.SimpleQueue[Scratch] = queue.SimpleQueue()

    def ask(mutation: Mutation) -> set[str]:
        changed = mutation.applied(document)
        at_once = {name for name, check in CHECKS.items() if check(changed)}
        on = copies.get()
        try:
            return at_once | on.objectors(changed)
        finally:
            copies.put(on)

    with _copies(jobs, copies), ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(ask, mutations))
