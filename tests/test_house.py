"""How the parts of src/autocall_otp may import each other, read from the source."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest
from support.page import ROOT

import autocall_otp

US, GENERATED = "autocall_otp", "autocall_otp_api"
LEVELS = (
    {"_errors", "_redact", "_clock", "_log", "_version"},
    {"models", "_payload", "_config"},
    {"_sansio", "_transport", "_auth"},
    {"_operations", "_session"},
    {"_client"},
    {"the package"},
    {"_cli", "cli", "verify", "pytest_plugin", "__main__"},
)
"""A module imports from its own level and from those before it."""
TOP = len(LEVELS) - 1
MAX_LAYERS = 9
IO = {
    "aiohttp", "anyio", "asyncio", "concurrent", "h11", "http.client", "httpcore", "multiprocessing", "os", "select",
    "selectors", "signal", "socket", "ssl", "subprocess", "threading", "time", "urllib.request",
    *(f"httpx.{kind}{what}" for kind in ("", "Async") for what in ("BaseTransport", "Client", "HTTPTransport")),
    *(f"httpx.{name}" for name in ("get", "head", "options", "patch", "post", "put", "delete", "request", "stream")),
}  # fmt: skip
"""What a part without I/O and without a clock of its own does without."""
SOURCE = ROOT / "src"
TEXTS = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
    for path in SOURCE.rglob("*.py")
}
parsed = cache(ast.parse)


class House:
    """Modules by their names, and what each imports."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.trees = {name: parsed(text) for name, text in texts.items()}
        self.imports = {name: set(self._imports(tree)) for name, tree in self.trees.items()}
        """Dotted names: of modules, and of what is taken from one."""
        self.graph = {
            name: {self.module_of(each) for each in found} - {"", name} for name, found in self.imports.items()
        }

    def _imports(self, tree: ast.AST) -> Iterator[str]:
        for node in ast.iter_child_nodes(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue  # not imported when the program runs
            yield from self._imports(node)
            if isinstance(node, ast.Import):
                yield from (each.name for each in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{'.' * node.level}{node.module or ''}.{each.name}" for each in node.names)

    def module_of(self, name: str) -> str:
        """The module of ours that a dotted name is, or is in; nothing where it is another's."""
        found = name if name in self.trees else name.rpartition(".")[0]
        return found if found in self.trees else ""


def test_nothing_sleeps_that_a_test_may_patch() -> None:
    core = [name for name in TEXTS if not {"_cli", "sandbox", "verify"} & set(name.split("."))]
    assert [name for name in core if re.search(r"\b(time|asyncio)\.sleep\(", TEXTS[name])] == []


def part(module: str) -> str:
    return [*module.split("."), "the package"][1]


def level(module: str) -> int:
    """How high a module is; below everything where nobody has said it."""
    return next((number for number, parts in enumerate(LEVELS) if part(module) in parts), -1)


def faults(changed: dict[str, str] | None = None) -> list[str]:
    """Everything that the source, with these modules added or written otherwise, has against the rules."""
    house = House(TEXTS | (changed or {}))
    return sorted({*upwards(house), *too_deep(house), *doing_io(house), *not_for(house)})


def upwards(house: House) -> Iterator[str]:
    for module, others in house.graph.items():
        if any(name.startswith(".") for name in house.imports[module]):
            yield f"{module} has a relative import, which this test does not follow"
        if part(module) == "sandbox":
            continue
        if level(module) < 0:
            yield f"{module} is on no level: say in LEVELS where it belongs"
        for other in others:
            if part(other) == "sandbox" and level(module) < TOP:
                yield f"{module} imports {other}, a stand-in for the service"
            elif part(other) != "sandbox" and level(other) > level(module) >= 0:
                yield f"{module} imports {other}, which is above it"


def too_deep(house: House) -> Iterator[str]:
    depth: dict[str, int] = {}
    try:
        for module in TopologicalSorter(house.graph).static_order():
            depth[module] = 1 + max((depth[other] for other in house.graph.get(module, ())), default=0)
    except CycleError as error:
        yield f"a circle: {' → '.join(reversed(error.args[1]))}"
    for module, layers in depth.items():
        if layers > MAX_LAYERS and 0 <= level(module) < TOP:
            yield f"{module} stands on {layers - 1} layers, {MAX_LAYERS - 1} are enough"


def doing_io(house: House) -> Iterator[str]:
    for module, tree in house.trees.items():
        if part(module) == "_sansio":
            used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            used |= {each for name in house.imports[module] for each in (name, name.partition(".")[0])}
            used |= {name.rpartition(".")[0] for name in house.imports[module]}
            yield from (f"{module} uses {name}, which can do I/O" for name in used & IO)
            if any(isinstance(node, ast.Name) and node.id == "open" for node in ast.walk(tree)):
                yield f"{module} opens files"


def not_for(house: House) -> Iterator[str]:
    """What the sandbox shares with the SDK, and what stands on top of the SDK takes beyond its public names."""
    public = {f"{US}.{name}" for name in autocall_otp.__all__}
    allowed = {"sandbox": {f"{US}.normalize_number"}, **dict.fromkeys(("verify", "pytest_plugin"), public)}
    # `doctor` must reach the service as the SDK does, and know what is no reference before it does.
    own = {f"{US}._transport.environment.{name}" for name in ("find_proxy", "proxy_for", "trust")}
    allowed["_cli"] = public | own | {f"{US}._operations.arguments.read_reference"}
    for module, names in house.imports.items():
        mine = part(module)
        for name in names:
            first, second, *_ = [*name.split("."), ""]
            if first == GENERATED and mine != "_operations":
                yield f"{module} imports {name}: generated code is for _operations alone"
            if first == US and second not in {mine, "sandbox"} and name not in allowed.get(mine, {name}):
                yield f"{module} imports {name}, which is not for it"


def test_the_house_keeps_its_rules() -> None:
    assert faults() == []


PUBLIC_ONLY = "which is not for it"
BREAKS = [
    ("models", "from autocall_otp._client import Client", "autocall_otp._client, which is above it"),
    ("_errors", "def f():\n    from autocall_otp import models", "autocall_otp.models, which is above it"),
    ("_sansio.outcome", "import autocall_otp._operations.run_otp", "_operations.run_otp, which is above it"),
    ("_client", "from autocall_otp import Client", "_client imports autocall_otp, which is above it"),
    ("_sansio.outcome", "from autocall_otp._sansio import retry", "a circle: autocall_otp._sansio."),
    ("_lanes", "import os", "_lanes is on no level"),
    ("_session", "from .models import Cdr", "_session has a relative import"),
    ("_session", "from autocall_otp.sandbox import Call", "a stand-in for the service"),
    ("_session", "import autocall_otp_api", "generated code is for _operations alone"),
    ("sandbox.calls", "from autocall_otp_api import models", "generated code is for _operations alone"),
    ("sandbox.calls", "from autocall_otp.models import Cdr", PUBLIC_ONLY),
    ("sandbox.calls", "from autocall_otp import Client", PUBLIC_ONLY),
    ("verify", "from autocall_otp._errors import invalid", PUBLIC_ONLY),
    ("verify", "from autocall_otp import _session", PUBLIC_ONLY),
    ("_cli", "from autocall_otp._errors import invalid", PUBLIC_ONLY),
    ("_sansio.retry", "import socket", "uses socket, which can do I/O"),
    ("_sansio.retry", "from time import monotonic", "uses time, which can do I/O"),
    ("_sansio.retry", "def f():\n    from asyncio import sleep", "uses asyncio, which can do I/O"),
    ("_sansio.retry", "from httpx import AsyncClient", "uses httpx.AsyncClient, which can do I/O"),
    ("_sansio.retry", "httpx.HTTPTransport()", "uses httpx.HTTPTransport, which can do I/O"),
    ("_sansio.retry", "open('file')", "_sansio.retry opens files"),
]


@pytest.mark.parametrize(("module", "line", "said"), BREAKS)
def test_what_breaks_a_rule_is_named(module: str, line: str, said: str) -> None:
    name = f"{US}.{module}".removesuffix(".")
    found = faults({name: f"{TEXTS.get(name, '')}\n{line}"})
    assert any(said in fault for fault in found), found


def test_more_than_nine_layers_are_named() -> None:
    tower = {f"{US}._transport.l{n}": f"from {US}._transport import l{n + 1}" for n in range(9)}
    assert faults(tower | {f"{US}._transport.l9": ""}) == [f"{US}._transport.l0 stands on 9 layers, 8 are enough"]
