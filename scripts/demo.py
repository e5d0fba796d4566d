"""The main job, on a stand-in for the service: place a call, see it ring, be answered, and read its record."""

from __future__ import annotations

import json
import sys
import threading
import time

from autocall_otp import Cdr, Client, mask_number
from autocall_otp.sandbox import Call, Sandbox

NUMBER, CODE = "0332 665 711", "LUAN001"
# With somebody at the terminal there is time to open the page and answer there.
WAIT_FOR_CLICK = 20.0 if sys.stdin.isatty() and sys.stdout.isatty() else 3.0


def show(call: Call, sandbox: Sandbox, over: threading.Event) -> None:
    """Print each state of the call as it comes, and answer the phone when nobody else does."""
    start, seen = time.monotonic(), ""
    while not over.wait(0.05):
        if call.status != seen:
            seen = call.status
            print(f"  {time.monotonic() - start:5.1f} s  {seen}", flush=True)
        if seen == "ringing" and time.monotonic() - start > 2.0 + WAIT_FOR_CLICK:
            print("           (nobody has answered on the page: this script does)", flush=True)
            sandbox.answer(call)


def report(record: Cdr) -> None:
    """Print the record as the SDK reads it, then as it came."""
    print(f"\nIts call detail record:\n  {record}\n\nAs it came, codes and phone numbers masked:")
    print(json.dumps(record.raw.masked(), indent=2, ensure_ascii=False))
    ending = f"answered, talked for {record.billsec} s" if record.answered else f"not answered: {record.status}"
    print(f"\nThe call took {record.duration} s: {ending}.")


def main() -> None:
    """Run the sandbox in this process and use it as an application would use the service."""
    with (
        Sandbox(auto_answer=False) as sandbox,
        Client(
            sandbox.url,
            sandbox.token,
            campaign_uuid="f77dfcf4-0759-4179-93cb-741f481a776e",
            template="otp_script_01",
        ) as client,
    ):
        print("A stand-in for the service runs in this process; no phone rings, nothing leaves this machine.")
        print(f"Open {sandbox.url} to see the call, and click Answer, Reject or Leave unanswered.\n")
        print(f"Asking for a call to {mask_number(NUMBER)} ...")
        call = client.run_otp(NUMBER, CODE, ref_id="ABC123")
        print(f"  {call.outcome.value}: {call}\n\nThe call, live:")
        over = threading.Event()
        placed = sandbox.wait_for_call(NUMBER)
        watcher = threading.Thread(target=show, args=[placed, sandbox, over])
        watcher.start()
        try:
            record = client.wait_for_cdr(call.ref_id, timeout=60)
        finally:
            over.set()
            watcher.join()
        report(record)


if __name__ == "__main__":
    main()
