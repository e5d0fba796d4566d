"""Cold imports: each in a new interpreter, in an environment with nothing else, beside `import httpx` and nothing.

Everything is compiled to bytecode beforehand, as an installer does.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
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
    "aiohttp": ("aiohttp", "import aiohttp"),
    "telnyx": ("telnyx", "from telnyx import Telnyx"),
    "twilio": ("twilio", "from twilio.rest import Client; Client('AC', 'key').calls"),
    "vonage": ("vonage", "from vonage import Vonage"),
    "plivo": ("plivo", "from plivo import RestClient"),
}


def _command(name: str) -> list[str]:
    environment, code = IMPORTS[name]
    # Isolated: no variables, no user folder, no files of the current folder.
    return [str(COLD / environment / "bin" / "python"), "-I", "-c", code]


def _time(command: list[str]) -> float:
    """Milliseconds of one run."""
    start = time.perf_counter()
    _, status = os.waitpid(os.posix_spawn(command[0], command, os.environ), 0)
    if status:
        raise ChildProcessError(f"{command[-1]} failed")
    return (time.perf_counter() - start) * 1e3


def _fails(name: str) -> str | None:
    """Why an import does not work, if so; otherwise its bytecode is there afterwards."""
    command = _command(name)
    if not Path(command[0]).exists():
        return "could not be installed"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1][:200] if done.returncode else None


def _measure(rounds: int) -> dict[str, Any]:
    found: dict[str, Any] = {name: {"error": error} for name in IMPORTS if (error := _fails(name))}
    names = [name for name in IMPORTS if name not in found]
    taken: list[dict[str, float]] = []
    for _ in range(rounds):
        random.shuffle(names)
        taken.append({name: _time(_command(name)) for name in names})
    for name in names:
        beyond = [each[name] - (each[BARE] if name != BARE else 0.0) for each in taken]
        found[name] = {"ms": spread(beyond)}
        if name != BARE:
            httpx = [max(each[HTTPX] - each[BARE], 0.1) for each in taken]
            found[name]["ratio"] = spread([mine / theirs for mine, theirs in zip(beyond, httpx, strict=True)])
    return found


def cold(rounds: int) -> dict[str, Any]:
    """Figures for every import."""
    with Alone("cold", str(rounds)) as process:
        return process.result(rounds * 60.0)


if __name__ == "__main__":
    pin("client")
    print(json.dumps(_measure(int(sys.argv[1]))), flush=True)
