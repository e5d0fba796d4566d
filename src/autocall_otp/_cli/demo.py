"""`demo`: one call, from the request to its record, without a phone."""

from __future__ import annotations

from autocall_otp import Client
from autocall_otp._cli.codes import make_code
from autocall_otp._cli.output import Output, ending
from autocall_otp._cli.sandbox import CAMPAIGN, TEMPLATE, import_sandbox, log_calls
from autocall_otp._cli.settings import JsonOption
from autocall_otp._cli.waiting import show_record

_NUMBER = "0332665711"


def demo(*, as_json: JsonOption = False) -> None:
    """Place a call on a sandbox, and show how it goes.

    It takes 15 seconds. No phone rings, and nothing leaves this machine.
    """
    out = Output(as_json=as_json)
    with ending(out):
        sandbox_class = import_sandbox(out)
        log_calls()
        with (
            sandbox_class() as sandbox,
            Client(sandbox.url, sandbox.token, campaign_uuid=CAMPAIGN, template=TEMPLATE) as client,
        ):
            if as_json:
                out.line("sandbox", url=sandbox.url)
            out.note(f"No phone rings: a sandbox on this machine takes the call. {sandbox.url}/ shows its code.")
            call = client.run_otp(_NUMBER, make_code())
            show_record(out, client.wait_for_cdr(call), call.ref_id)
