"""The machine that a run happens on: its cores, its memory figures, its name."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_STATUS = Path("/proc/self/status")


def pin(who: str) -> None:
    """Keep this process on the client's or on the server's core, where the system can do so."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            with suppress(OSError):
                os.sched_setaffinity(0, {cores[0] if who == "client" else cores[-1]})


def memory(which: str) -> int:
    """Bytes of resident memory: `VmRSS` now, `VmHWM` at the most so far; 0 where the system does not tell."""
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    # Not getrusage: its peak also counts the parent, whose memory a child shares until it starts its own program.
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{which}:")), 0)


def waited() -> float:
    """Seconds that this process's threads were ready to run while others had the core; 0 where nobody counts."""
    total = 0
    for thread in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError, IndexError):
            total += int(thread.read_text(encoding="ascii").split()[1])
    return total / 1e9


def describe() -> dict[str, str]:
    """What a reader needs in order to place the figures."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
