"""httpx2: in place of httpx for a whole program, or by mistake beside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autocall_otp import AsyncClient, Client, ConfigurationError

httpx2 = pytest.importorskip("httpx2", reason="only the development environment has it")
_ALIASED = "import httpx2; httpx2.alias_httpx(); import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
_FOLDER = Path(__file__).parent


@pytest.mark.timeout(600)
def test_faults_and_secrets_are_the_same_under_the_alias() -> None:
    # The alias comes before the first import of httpx; other plugins import it.
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    modules = [f"{_FOLDER / name}.py" for name in ("test_faults", "test_secrets", "test_evidence", "test_interrupts")]
    options = ["-q", "-p", "pytest_timeout", "-p", "no:cacheprovider", f"--rootdir={_FOLDER.parent.parent}"]
    command = [sys.executable, "-c", _ALIASED, *options, *modules]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-20_000:]


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize(
    "setting",
    [
        {"transport": httpx2.HTTPTransport()},
        {"transport": httpx2.AsyncHTTPTransport()},
        {"transport": httpx2.MockTransport(lambda _: httpx2.Response(200))},
        {"timeout": httpx2.Timeout(5.0)},
    ],
    ids=lambda setting: type(next(iter(setting.values()))).__name__,
)
def test_what_belongs_to_httpx2_is_refused_by_name_without_the_alias(
    client: type[Client] | type[AsyncClient], setting: dict[str, object]
) -> None:
    with pytest.raises(ConfigurationError, match=f"{next(iter(setting))}: .*httpx2"):
        client("https://api.example.vn", "token", **setting)  # type: ignore[arg-type] # on purpose
