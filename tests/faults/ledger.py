"""The ledger test's verdict: what each caller was told, beside what rang."""

from __future__ import annotations

from collections import Counter

import attrs

from autocall_otp import Outcome


@attrs.frozen
class Told:
    """What a caller was told of a call."""

    ref_id: str
    outcome: Outcome
    kind: str


@attrs.frozen
class Tally:
    """All calls of a run."""

    seed: int
    told: list[Told]
    rings: Counter[str]
    requests: Counter[str]

    def misreports(self) -> list[str]:
        """Every call of which the caller was told something else than what rang."""
        return [said for told in self.told if (said := self._misreport(told))]

    def _misreport(self, told: Told) -> str:
        rings = self.rings[told.ref_id]
        if rings > 1:
            return f"{told.ref_id} rang {rings} times ({told.kind})"
        if told.outcome is Outcome.PLACED and not rings:
            return f"{told.ref_id} is called placed, but did not ring"
        if told.outcome is Outcome.NOT_PLACED and rings:
            return f"{told.ref_id} is called not placed ({told.kind}), but rang"
        return ""

    def __str__(self) -> str:
        """The figures."""
        outcomes = Counter(told.outcome.name for told in self.told)
        kinds = Counter(told.kind for told in self.told)
        doubtful = [told.ref_id for told in self.told if told.outcome is Outcome.UNKNOWN]
        rings = f"{sum(self.rings.values())} rings, most for one ref_id {max(self.rings.values(), default=0)}"
        doubts = f"of the UNKNOWN {sum(self.rings[ref_id] > 0 for ref_id in doubtful)} rang"
        return (
            f"seed {self.seed}: {len(self.told)} calls, {self.requests.total()} requests, {rings}\n"
            f"{', '.join(f'{name} {number}' for name, number in sorted(outcomes.items()))}; {doubts}\n"
            f"{', '.join(f'{name} {number}' for name, number in kinds.most_common())}\n"
            f"misreported: {len(self.misreports())}"
        )
