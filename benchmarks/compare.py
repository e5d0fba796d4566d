"""What changed between two runs, beyond the spread of both."""

from __future__ import annotations

from typing import Any

from benchmarks.stats import apart, spreads_in

# Multiples of a yardstick measured in the same run; all else moves with the machine.
_TELLING = {"ratio", "cpu ratio"}


def changes(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Lines for people, the largest change first."""
    before, after = spreads_in(old), spreads_in(new)
    found = [
        (after[path]["median"] / before[path]["median"], path)
        for path in before.keys() & after.keys()
        if path[-1] in _TELLING and before[path]["median"] > 0 and apart(before[path], after[path])
    ]
    lines = [
        f"{' / '.join(path)}: {before[path]['median']:.2f} -> {after[path]['median']:.2f} ({change - 1:+.0%})"
        for change, path in sorted(found, key=lambda each: -abs(each[0] - 1))
    ]
    alike = old["meta"]["machine"] == new["meta"]["machine"]
    head = f"Changes beyond the spread, commit {old['meta']['commit']} -> {new['meta']['commit']}"
    note = "" if alike else " (different machines: look at multiples only)"
    return "\n".join([f"{head}{note}:", *(lines or ["none"])])
