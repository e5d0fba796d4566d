"""Change openapi.yaml in every way there is, one at a time, and report which changes no judge notices.

The catalogue of changes is made by walking the contract. A run over all of it writes the table in docs/contract.md.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from spec_mutation import judging, report  # noqa: E402 - they need the path above
from spec_mutation.catalogue import catalogue  # noqa: E402 - the same
from spec_mutation.mutation import Mutation  # noqa: E402 - the same
from spec_mutation.reasons import RULES  # noqa: E402 - the same

CONTRACT = ROOT / "openapi.yaml"


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PATTERN", default="", help="mutations whose name holds this, with wildcards")
    parser.add_argument("--sample", metavar="N", type=int, help="as many, drawn at random")
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="what the draw depends on (0)")
    parser.add_argument("--list", action="store_true", help="print the names; judge nothing")
    parser.add_argument("--jobs", metavar="N", type=int, default=2, help="how many copies are judged at once (2)")
    parser.add_argument("--without", metavar="JUDGE", action="append", default=[], choices=judging.SPARED, help=(
        f"leave a judge out, to see what the others notice: {', '.join(judging.SPARED)}"
    ))  # fmt: skip
    parser.add_argument("--verbose", action="store_true", help="print who noticed each mutation, and what was said")
    return parser.parse_args(words)


def chosen(mutations: list[Mutation], only: str, sample: int | None, seed: int) -> list[Mutation]:
    """The mutations to judge, in the order of the catalogue."""
    found = [mutation for mutation in mutations if mutation.matches(only)]
    if sample is None or sample >= len(found):
        return found
    drawn = random.Random(seed).sample(range(len(found)), sample)  # noqa: S311 - a draw to repeat, no secret
    return [found[index] for index in sorted(drawn)]


def main(words: Sequence[str] | None = None) -> int:
    """Judge the mutations that are asked for; 1 when one survives without a reason."""
    asked = _arguments(words)
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    everything = catalogue(document)
    mutations = chosen(everything, asked.only, asked.sample, asked.seed)
    if asked.list:
        print(*(mutation.name for mutation in mutations), sep="\n")
        return 0
    start = time.monotonic()
    outcomes = judging.judge_all(mutations, document, asked.jobs, frozenset(asked.without))
    if asked.verbose:
        for outcome in outcomes:
            print(f"{outcome.mutation.name}\n  {outcome.killed_by or 'nobody'}: {outcome.words}")
    survivors = [outcome for outcome in outcomes if outcome.survived]
    idle = []
    if len(mutations) == len(everything) and not asked.without:
        idle = [rule for rule in RULES if not any(outcome.rule == rule for outcome in outcomes)]
        draw = report.drawn(outcomes)
        report.write(outcomes, list(zip(draw, judging.asked_alone(draw, document, asked.jobs), strict=True)))
    lines = [f"survived: {outcome.mutation.name}\n{outcome.words}".rstrip() for outcome in survivors]
    lines += [f"excuses nothing: {rule.patterns} in spec_mutation/reasons.py" for rule in idle]
    for line in lines:
        print(line)
    print(report.summary(outcomes), f"({time.monotonic() - start:.0f} s)")
    return bool(survivors or idle or not mutations)


if __name__ == "__main__":
    sys.exit(main())
