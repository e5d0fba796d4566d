"""Does every part that speaks of the contract say the same? Each pair is checked alone.

Run by `make contract`; `make mutate-spec` runs the same checks on changed contracts.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent
NODE = (str(ROOT / ".venv" / "bin" / "node"), "--no-warnings")
SPECTRAL = ROOT / "node_modules/@stoplight/spectral-cli/dist/index.js"
REDOCLY = ROOT / "node_modules/@redocly/cli/bin/cli.js"
PYTEST = (sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=short", "-pno:cacheprovider")
FEW = ("--maxfail", "5")
"""What is wrong with one exchange is mostly wrong with all."""
IMPORTS = """
import ast, pathlib, sys
try:
    from autocall_otp import _operations
    for path in pathlib.Path(_operations.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("autocall_otp_api"):
                exec(ast.unparse(node))
except ImportError as error:
    sys.exit(f"The wrapper and the generated code disagree on a name: {error}")
"""
IN_SRC = "follow in src/autocall_otp (CONTRIBUTING.md, Changing the contract), or correct openapi.yaml; `make generate`"
IN_GENERATED = "run `make generate`, look at the change, and commit it together with openapi.yaml"
IN_SPEC = "correct openapi.yaml where the lines above point; then `make generate`"


@attrs.frozen
class Check:
    """A pair of parts, the command that finds out whether they agree, and what to do when they do not."""

    pair: str
    command: tuple[str, ...]
    advice: str


@attrs.frozen
class Result:
    """What a check says of the disagreement: nothing where the pair agrees."""

    check: Check
    words: str
    seconds: float

    def __str__(self) -> str:
        """One line when the pair agrees, all that was said when not."""
        if not self.words:
            return f"ok: {self.check.pair} ({self.seconds:.1f} s)"
        return f"{self.words.strip()}\nDISAGREE: {self.check.pair}\n    Next: {self.check.advice}"


PAGE = Check("the provider's page (tests/page) ↔ openapi.yaml", (*PYTEST, "tests/contract/test_page.py"), IN_SPEC)
LINT, REDOCLY_LINT = (
    Check(f"OpenAPI's rules ({tool}) ↔ openapi.yaml", (*NODE, str(script), "lint", how, "openapi.yaml"), IN_SPEC)
    for tool, script, how in (("Spectral", SPECTRAL, "--fail-severity=hint"), ("Redocly", REDOCLY, "--format=stylish"))
)
GENERATOR = Check("openapi.yaml ↔ the generator", (sys.executable, "scripts/generate.py"), IN_SPEC)
DRIFT = Check("openapi.yaml ↔ generated/", (*GENERATOR.command, "--check"), IN_GENERATED)
MAKER = Check(
    "generated/ ↔ the generator, twice the same", (*PYTEST, "tests/contract/test_drift.py", "-k", "twice"), IN_GENERATED
)
NAMES = Check("generated/ ↔ src/autocall_otp, by name", (sys.executable, "-c", IMPORTS), IN_SRC)
WRAPPER = Check(
    "the provider's page and generated/ ↔ src/autocall_otp",
    (*PYTEST, "tests/contract/test_wrapper.py", "tests/contract/test_wire.py"),
    IN_SRC,
)
PRISM = Check(
    "openapi.yaml, played by Prism ↔ src/autocall_otp", (*PYTEST, *FEW, "tests/contract/test_prism.py"), IN_SRC
)
SANDBOX = Check(
    "openapi.yaml, checked by Prism ↔ src/autocall_otp/sandbox",
    (*PYTEST, *FEW, "tests/sandbox/test_contract.py", "tests/sandbox/test_chain.py"),
    IN_SRC,
)
FIRST = (DRIFT, PAGE, LINT, REDOCLY_LINT, NAMES)
THEN = (SANDBOX, PRISM, WRAPPER, MAKER)
"""These import the wrapper, the longest first."""


def run(check: Check, root: Path = ROOT, *more: str) -> Result:
    """Check the checkout at root; `more` are further arguments of the command."""
    paths = os.pathsep.join(str(root / name) for name in ("src", "generated"))
    env = os.environ | {"PYTHONPATH": paths, "AUTOCALL_REPO_TOOLS": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    start = time.monotonic()
    done = subprocess.run([*check.command, *more], cwd=root, env=env, capture_output=True, text=True, check=False)
    words = (done.stdout + done.stderr or f"it ended with {done.returncode}") if done.returncode else ""
    return Result(check, words, time.monotonic() - start)


def main() -> int:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, FIRST))
        importable = not any(result.words for result in results if result.check is NAMES)
        results += pool.map(run, THEN) if importable else []
    print(*results, sep="\n")
    if not importable:
        print(*(f"not checked before the names agree: {check.pair}" for check in THEN), sep="\n")
    at_odds = [result.check.pair for result in results if result.words]
    print(f"{len(results)} pairs checked, {len(at_odds) or 'none'} at odds", *at_odds, sep="\n  ")
    return bool(at_odds)


if __name__ == "__main__":
    sys.exit(main())
