"""Change openapi.yaml in every way there is, one at a time, and see that `make contract` would notice.

The checks that take milliseconds come first. What they let pass goes to the others, in a copy of the checkout and with
the code generated anew, until one of them names a disagreement.

    python scripts/mutate_spec.py [--only PATTERN] [--sample N]
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

import contract  # noqa: E402 - it needs the path above
from spec_mutations import Mutation, catalogue  # noqa: E402 - the same
from support.agree import CHECKS  # noqa: E402 - the same
from support.agree.elements import Json  # noqa: E402 - the same

SLOW = (contract.LINT, contract.GENERATOR, contract.NAMES, contract.WRAPPER, contract.PRISM, contract.SANDBOX)
_SAID = (" disagree", " problem", "Validation failed")
"""How a check says that it found something: one that only broke down has not."""


def quick(document: Json) -> str:
    """What the checks in this process say against a document; nothing where they all agree."""
    return next((str(found) for check in CHECKS.values() for found in check(document)), "")


def slow(document: Json) -> str:
    """What the other checks say against a document."""
    with tempfile.TemporaryDirectory(prefix="autocall-otp-") as name:
        root = Path(name)
        for each in ("src", "tests", "scripts"):
            shutil.copytree(ROOT / each, root / each, ignore=shutil.ignore_patterns("__pycache__"))
        for each in ("pyproject.toml", ".spectral.yaml", "redocly.yaml"):
            shutil.copy(ROOT / each, root)
        # JSON is YAML, and leaves no parser a choice: one may take an unquoted 0287 for a number, another may not.
        (root / "openapi.yaml").write_text(json.dumps(document, indent=1), encoding="utf-8")
        for check in SLOW:
            words = contract.run(check, root).words
            if words and not any(said in words for said in _SAID):
                raise RuntimeError(f"a check broke down: {check.pair}\n{words}")
            if words:
                return words
    return ""


def survivors(mutations: list[Mutation], document: Json) -> list[Mutation]:
    """The mutations that nobody notices."""
    left = [mutation for mutation in mutations if not quick(mutation.applied(document))]
    # A check that fails on the contract as it is would fail on every change of it.
    if left and (words := slow(document)):
        sys.exit(f"openapi.yaml as it is does not pass, so nothing can be learnt from changing it:\n{words}")
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda mutation: slow(mutation.applied(document)), left)
        return [mutation for mutation, words in zip(left, found, strict=True) if not words]


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PATTERN", default="", help="mutations whose name holds this, with wildcards")
    parser.add_argument("--sample", metavar="N", type=int, help="as many, drawn at random")
    asked = parser.parse_args(words)
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    mutations = [each for each in catalogue(document) if fnmatch(each.name.lower(), f"*{asked.only.lower()}*")]
    if asked.sample and asked.sample < len(mutations):
        mutations = random.sample(mutations, asked.sample)
    missed = survivors(mutations, document)
    for mutation in missed:
        print(f"not noticed: {mutation.name}")
    print(f"{len(mutations)} changes of openapi.yaml, {len(mutations) - len(missed)} noticed")
    return bool(missed or not mutations)


if __name__ == "__main__":
    sys.exit(main())
