"""`config`: where each setting comes from."""

from __future__ import annotations

from rich.text import Text

from autocall_otp._cli import settings
from autocall_otp._cli.output import Output, ending, plain


def config(
    *,
    host: settings.HostOption = None,
    campaign: settings.CampaignOption = None,
    template: settings.TemplateOption = None,
    config: settings.ConfigOption = None,
    as_json: settings.JsonOption = False,
) -> None:
    """Show where each setting comes from; never the token."""
    out = Output(as_json=as_json)
    with ending(out):
        found = settings.load(host=host, config=config, campaign_uuid=campaign, template=template)
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
