"""The one judge: does every part that speaks of the contract say the same? Each pair is judged by itself.

Run by `make contract`; `make mutate-spec` puts changed contracts before the same judges.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent
NODE = (str(ROOT / ".venv" / "bin" / "node"), "--no-warnings")
SPECTRAL = ("node_modules", "@stoplight", "spectral-cli", "dist", "index.js")
REDOCLY = ("node_modules", "@redocly", "cli", "bin", "cli.js")
# Schemathesis has no part in judging; its plugin only takes time to load.
PYTEST = (sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=short", "-pno:cacheprovider", "-pno:schemathesis")
FEW = ("--maxfail", "5")
"""What is wrong with one exchange is mostly wrong with all."""
IMPORTS = """
import sys
try:
    import autocall_otp._operations
except (ImportError, AttributeError) as error:
    sys.exit(f"The wrapper and the generated code disagree on a name: {error}")
"""
CONTRACT = "tests/contract"
ELSEWHERE = ("test_page.py", "test_drift.py", "test_prism.py")


@attrs.frozen
class Judge:
    """One pair of parts, and the command that says whether they agree."""

    name: str
    pair: str
    command: tuple[str, ...]
    advice: str
    """What to do after a failure, where its own words do not say it."""


@attrs.frozen
class Verdict:
    """What a judge said."""

    judge: Judge
    agrees: bool
    words: str
    seconds: float

    def __str__(self) -> str:
        """One line when the pair agrees, all that was said when not."""
        if self.agrees:
            return f"ok: {self.judge.pair} ({self.seconds:.1f} s)"
        return f"{self.words.strip()}\nDISAGREE: {self.judge.pair}\n    Next: {self.judge.advice}"


PAGE = Judge(
    "page",
    "the page (tests/page) ↔ openapi.yaml",
    (*PYTEST, f"{CONTRACT}/test_page.py"),
    "each line above says which file to edit; then `make generate`",
)
LINT = Judge(
    "lint",
    "OpenAPI's rules (Spectral) ↔ openapi.yaml",
    (*NODE, str(ROOT.joinpath(*SPECTRAL)), "lint", "--fail-severity=hint", "openapi.yaml"),
    "mend openapi.yaml on the line that Spectral names; then `make generate`",
)
REDOCLY_LINT = Judge(
    "lint",
    "OpenAPI's rules (Redocly) ↔ openapi.yaml",
    (*NODE, str(ROOT.joinpath(*REDOCLY)), "lint", "--format=stylish", "openapi.yaml"),
    "mend openapi.yaml on the line that Redocly names; then `make generate`",
)
DRIFT = Judge(
    "drift",
    "openapi.yaml ↔ generated/",
    (sys.executable, "scripts/generate.py", "--check"),
    "run `make generate`, look at the change, and commit it together with openapi.yaml",
)
GENERATOR = Judge(
    "generator",
    "openapi.yaml ↔ the generator",
    (sys.executable, "scripts/generate.py"),
    "mend openapi.yaml where the generator points; then `make generate`",
)
NAMES = Judge(
    "names",
    "generated/ ↔ src/autocall_otp, by name",
    (sys.executable, "-c", IMPORTS),
    "follow in src/autocall_otp/_operations.py, or mend openapi.yaml and run `make generate`",
)
WRAPPER = Judge(
    "wrapper",
    "the page and generated/ ↔ src/autocall_otp",
    (*PYTEST, CONTRACT, *(f"--ignore={CONTRACT}/{name}" for name in ELSEWHERE)),
    "follow in src/autocall_otp (CONTRIBUTING.md, Changing the contract), or mend openapi.yaml and run `make generate`",
)
MAKER = Judge(
    "generator",
    "generated/ ↔ the generator, twice the same",
    (*PYTEST, f"{CONTRACT}/test_drift.py", "-k", "byte or says_that"),
    "run `make generate`; if it differs from run to run, mend scripts/generate.py",
)
PRISM = Judge(
    "prism",
    "openapi.yaml, played by Prism ↔ src/autocall_otp",
    (*PYTEST, *FEW, f"{CONTRACT}/test_prism.py"),
    "follow in src/autocall_otp, or mend openapi.yaml and run `make generate`",
)
SANDBOX = Judge(
    "sandbox",
    "openapi.yaml, watched over by Prism ↔ src/autocall_otp/sandbox",
    # Which of the two clients asks makes no difference to the sandbox; the judge before holds both to the contract.
    (*PYTEST, *FEW, "tests/sandbox/test_contract.py", "tests/sandbox/test_chain.py", "-k", "not async"),
    "follow in src/autocall_otp/sandbox, or mend openapi.yaml and run `make generate`",
)
FIRST = (DRIFT, PAGE, LINT, REDOCLY_LINT, NAMES)
THEN = (SANDBOX, PRISM, WRAPPER, MAKER)
"""These import the wrapper, the longest first."""


def judged(judge: Judge, root: Path = ROOT, *more: str) -> Verdict:
    """Put the checkout at root before a judge; `more` are further arguments of its command."""
    paths = os.pathsep.join(str(root / name) for name in ("src", "generated"))
    env = os.environ | {"PYTHONPATH": paths, "AUTOCALL_REPO_TOOLS": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    start = time.monotonic()
    done = subprocess.run([*judge.command, *more], cwd=root, env=env, capture_output=True, text=True, check=False)
    return Verdict(judge, done.returncode == 0, done.stdout + done.stderr, time.monotonic() - start)


def main() -> int:
    """Ask every judge, two at a time, since most of them wait rather than compute."""
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(judged, FIRST))
        importable = all(verdict.agrees for verdict in verdicts if verdict.judge is NAMES)
        verdicts += list(pool.map(judged, THEN)) if importable else []
    print(*verdicts, sep="\n")
    if not importable:
        print(*(f"not judged before the names agree: {judge.pair}" for judge in THEN), sep="\n")
    at_odds = [verdict.judge.pair for verdict in verdicts if not verdict.agrees]
    print(f"{len(verdicts)} pairs judged, {len(at_odds) or 'none'} at odds", *at_odds, sep="\n  ")
    return bool(at_odds)


if __name__ == "__main__":
    sys.exit(main())
