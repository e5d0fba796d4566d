"""Cold imports: each in a new interpreter, in an environment with nothing else, beside `import httpx` and nothing.

Everything is compiled to bytecode beforehand, as an installer does.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from typing import Any

from benchmarks.environments import COLD
from benchmarks.machine import pin
from benchmarks.processes import Alone
from benchmarks.stats import spread

_HOME, _HOST = "autocall-otp", "http://127.0.0.1:9"
BARE, HTTPX = "python", "httpx"
# What is shown: the environment, what is imported.
IMPORTS = {
    BARE: (_HOME, "pass"),
    HTTPX: (_HOME, "import httpx"),
    "attrs": (_HOME, "import attrs"),
    "generated": (_HOME, "from autocall_otp_api import Client; from autocall_otp_api.api.voice_otp import run_otp"),
    "ours": (_HOME, "from autocall_otp import Client"),
    # The first client loads what an import alone does without.
    "httpx, and a client": (_HOME, f"import httpx; httpx.Client(base_url={_HOST!r})"),
    "ours, and a client": (_HOME, f"from autocall_otp import Client; Client({_HOST!r}, 'token')"),
    "ours-fast, and a client": (
        "pycurl",
        f"from autocall_otp import Client; Client({_HOST!r}, 'token', transport='fast')",
    ),
    "aiohttp": ("aiohttp", "import aiohttp"),
    "pyreqwest": ("pyreqwest", "import pyreqwest.client"),
    "telnyx": ("telnyx", "from telnyx import Telnyx"),
    "twilio": ("twilio", "from twilio.rest import Client; Client('AC', 'key').calls"),
    "vonage": ("vonage", "from vonage import Vonage"),
    "plivo": ("plivo", "from plivo import RestClient"),
    "stripe": ("stripe", "from stripe import StripeClient"),
    "svix": ("svix", "from svix.api import Svix"),
}


def _command(name: str) -> list[str]:
    environment, code = IMPORTS[name]
    # Isolated: no variables, no user folder, no files of the current folder.
    return [str(COLD / environment / "bin" / "python"), "-I", "-c", code]


def _time(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one run."""
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    if status:
        raise ChildProcessError(f"{command[-1]} failed")
    return seconds, usage.ru_utime + usage.ru_stime


def _try(name: str) -> str | None:
    """Why an import does not work, if so; otherwise its bytecode is there afterwards."""
    command = _command(name)
    if not os.path.exists(command[0]):  # noqa: PTH110 - the same text goes to posix_spawn
        return "could not be installed"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1][:200] if done.returncode else None


def _measure(rounds: int) -> dict[str, Any]:
    errors = {name: error for name in IMPORTS if (error := _try(name))}
    names = [name for name in IMPORTS if name not in errors]
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    shuffle = random.Random(rounds).shuffle
    for _ in range(rounds):
        shuffle(names)
        for name in names:
            runs[name].append(_time(_command(name)))
    found: dict[str, Any] = {name: {"error": error} for name, error in errors.items()}
    for name in names:
        found[name] = {"ms": _net(runs[name], runs[BARE], 0), "cpu ms": _net(runs[name], runs[BARE], 1)}
        if HTTPX in runs and name != BARE:
            found[name]["ratio"] = _ratio(runs, name, 0)
            found[name]["cpu ratio"] = _ratio(runs, name, 1)
    return {name: found[name] for name in IMPORTS}


def _net(runs: list[tuple[float, float]], bare: list[tuple[float, float]], which: int) -> dict[str, float]:
    """Milliseconds; of a bare interpreter as they are, of all else beyond it."""
    if runs is bare:
        return spread([run[which] * 1e3 for run in runs])
    return spread([(run[which] - none[which]) * 1e3 for run, none in zip(runs, bare, strict=True)])


def _ratio(runs: dict[str, list[tuple[float, float]]], name: str, which: int) -> dict[str, float]:
    rounds = zip(runs[name], runs[HTTPX], runs[BARE], strict=True)
    return spread([(mine[which] - none[which]) / max(httpx[which] - none[which], 1e-4) for mine, httpx, none in rounds])


def cold(rounds: int) -> dict[str, Any]:
    """Figures for every import."""
    with Alone("cold", str(rounds)) as process:
        return process.result(rounds * 60.0)


if __name__ == "__main__":
    pin("client")
    print(json.dumps(_measure(int(sys.argv[1]))), flush=True)
