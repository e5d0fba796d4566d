"""The main job on the page's own sample: place the call, then read its call detail record back."""

import json
import tempfile
from pathlib import Path

from support.page import payload
from support.prism import prism

from autocall_otp import Client, mask_number


def main() -> None:
    """Start a mock of the service, made from openapi.yaml, and use it as an application would."""
    sample = payload("run_otp.request")
    with tempfile.TemporaryDirectory() as folder, prism(Path(folder) / "prism.log") as service:
        print(f"A mock of the service, made from openapi.yaml, listens on {service.url}\n")
        with Client(
            service.url, "demo-token", campaign_uuid=sample["campaign_uuid"], template=sample["template"]
        ) as client:
            print(f"Asking for a call to {mask_number(sample['phone_number'])} ...")
            call = client.run_otp(sample["phone_number"], sample["code_otp"], ref_id=sample["ref_id"])
            print(f"  {call.outcome.value}: {call}\n")
            print("Waiting for its call detail record ...")
            record = client.wait_for_cdr(call.ref_id)
            print(f"  {record}\n")
            print("The record as it came, codes and phone numbers masked:")
            print(json.dumps(record.raw.masked(), indent=2, ensure_ascii=False))
            started, answered = record.time_started, record.time_answered
            waited = f" after {(answered - started).seconds} s" if started and answered else ""
            print(f"\nAnswered{waited}: {record.answered}. The code was read aloud for {record.billsec} s.")


if __name__ == "__main__":
    main()
