"""`config`, and where each setting comes from: an option, else the environment, else the settings file."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Annotated

import attrs
import httpx
import platformdirs
import typer
from rich.text import Text

from autocall_otp import Client, ConfigurationError, Outcome, Retry
from autocall_otp._cli.output import Output, ending, plain

HostOption = Annotated[str | None, typer.Option("--host", metavar="HOST", help="Host or URL of the API.")]
CampaignOption = Annotated[str | None, typer.Option("--campaign", metavar="UUID", help="The campaign.")]
TemplateOption = Annotated[str | None, typer.Option("--template", metavar="NAME", help="The script to read.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The settings file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

_VARIABLES = {
    "host": "AUTOCALL_API_HOST",
    "token": "AUTOCALL_TOKEN",  # nosec B105 - the name of a variable
    "campaign_uuid": "AUTOCALL_CAMPAIGN_UUID",
    "template": "AUTOCALL_TEMPLATE",
}
# The token has no option: everybody on this machine can list its processes.
_OPTIONS = {"host": "--host", "campaign_uuid": "--campaign", "template": "--template"}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@attrs.frozen
class Setting:
    """A setting and where it comes from."""

    name: str
    value: str | None = attrs.field(repr=False)
    source: str
    """`option`, `environment`, `file` or `unset`."""
    origin: str | None
    """The option, the variable or the file."""

    @property
    def shown(self) -> str | None:
        """The value as it may be printed."""
        return "***" if self.value and self.name == "token" else self.value

    @property
    def place(self) -> str:
        """Where its value is, for a message about it."""
        return f"{self.name} in {self.origin}" if self.source == "file" else self.origin or self.name

    @property
    def advice(self) -> str:
        """How to set it."""
        ways = [_OPTIONS[self.name]] if self.name in _OPTIONS else []
        return " or ".join([*ways, _VARIABLES[self.name], f"{self.name} in the settings file"])


@attrs.frozen
class Settings:
    """All settings, and the file that was looked for."""

    path: Path
    found: bool
    """Whether there is such a file."""
    each: dict[str, Setting] = attrs.field(repr=False)

    def __getitem__(self, name: str) -> str | None:
        return self.each[name].value

    def require(self, *names: str) -> None:
        """Make sure that these are set; raises ConfigurationError, which says where to set one."""
        for name in names:
            if self[name] is None:
                raise unusable(name, f"is not set; set {self.each[name].advice}")

    @property
    def url(self) -> httpx.URL:
        """Where the service is; of settings that a client was made with."""
        host = (self["host"] or "").strip()
        return httpx.URL(host if "://" in host else f"https://{host}")

    def client(
        self, *, token: str | None = None, retry: Retry | None = None, transport: httpx.BaseTransport | None = None
    ) -> Client:
        """A client with these settings, or with another token; raises ConfigurationError."""
        self.require("host", "token")
        try:
            return Client(
                self["host"],
                token or self["token"],
                campaign_uuid=self["campaign_uuid"],
                template=self["template"],
                retry=retry or Retry(),
                transport=transport,
            )
        except ConfigurationError as error:
            name, _, why = str(error).partition(": ")
            raise unusable(self.each[name].place if name in self.each else name, why) from None


def unusable(place: str, why: str) -> ConfigurationError:
    """An error for a setting that cannot be used."""
    return ConfigurationError(f"{place}: {why}", outcome=Outcome.NOT_PLACED)


def config(
    *,
    host: HostOption = None,
    campaign: CampaignOption = None,
    template: TemplateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where each setting comes from; never the token."""
    out = Output(as_json=as_json)
    with ending(out):
        found = load(host=host, config=config, campaign_uuid=campaign, template=template)
        if as_json:
            out.line("file", path=str(found.path), found=found.found)
            for each in found.each.values():
                out.line("setting", name=each.name, value=each.shown, source=each.source, origin=each.origin)
            return
        out.say(f"settings file: {found.path}{'' if found.found else ' (not there)'}")
        for each in found.each.values():
            origin = each.origin if each.value is not None else f"set {each.advice}"
            row = Text.assemble(f"{each.name:<14}", (plain(each.shown or "-"), "bold"), "  ", (plain(origin), "dim"))
            out.out.print(row)


def load(
    *, host: str | None, config: Path | None, campaign_uuid: str | None = None, template: str | None = None
) -> Settings:
    """Put the settings together; raises ConfigurationError for a file that cannot be used."""
    by_variable = os.environ.get("AUTOCALL_CONFIG")
    named = config or (Path(by_variable) if by_variable else None)
    path = named or platformdirs.user_config_path("autocall-otp", appauthor=False) / "config.toml"
    in_file = _read(path, must_exist=named is not None)
    options = {"host": host, "campaign_uuid": campaign_uuid, "template": template}
    each = {name: _choose(name, options.get(name), in_file or {}, path) for name in _VARIABLES}
    return Settings(path, in_file is not None, each)


def _choose(name: str, option: str | None, in_file: dict[str, str], path: Path) -> Setting:
    if option is not None:
        return Setting(name, option, "option", _OPTIONS[name])
    if value := os.environ.get(_VARIABLES[name]):
        return Setting(name, value, "environment", _VARIABLES[name])
    if name in in_file:
        return Setting(name, in_file[name], "file", str(path))
    return Setting(name, None, "unset", None)


def _read(path: Path, *, must_exist: bool) -> dict[str, str] | None:
    """What the file says; None where there is none."""
    where = f"settings file {path}"
    try:
        with path.open("rb") as file:
            # Of the open file, not of the path: nobody can swap it in between.
            mode = os.fstat(file.fileno()).st_mode
            content = tomllib.load(file)
    except FileNotFoundError:
        if must_exist:
            raise unusable(where, "does not exist") from None
        return None
    except OSError as error:
        raise unusable(where, f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        # The parser's words may quote the line, and the line may hold the token.
        raise unusable(where, "is not TOML") from None
    if "token" in content and os.name == "posix" and mode & _OTHERS:
        raise unusable(where, f"holds a token and others may read it; run: chmod 600 '{path}'")
    return {name: _text(name, value, where) for name, value in content.items()}


def _text(name: str, value: object, where: str) -> str:
    if name not in _VARIABLES:
        raise unusable(where, f"knows no '{name}'; it may set {', '.join(_VARIABLES)}")
    if not isinstance(value, str) or not value:
        raise unusable(where, f"{name} must be a non-empty text in quotes")
    return value
