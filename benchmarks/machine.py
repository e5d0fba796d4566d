"""The machine that a run happens on: its cores, its memory figures, its name."""

import os
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def pin(who: str) -> None:
    """Keep this process on the client's or on the server's core, where the system can do so."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[0] if who == "client" else cores[-1]})


def memory(which: str) -> int:
    """Bytes of resident memory: `VmRSS` now, `VmHWM` at the most so far; 0 where the system does not say."""
    # Not getrusage: its peak also counts the parent, whose memory a child shares until it starts its own program.
    return int(_line("/proc/self/status", which).removesuffix("kB") or 0) * 1024


def describe() -> dict[str, str]:
    """What a reader needs in order to place the figures."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": str(os.cpu_count()),
    }


def _line(path: str, name: str) -> str:
    """What a file of the system says of a name; nothing where there is no such file or line."""
    lines = Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
