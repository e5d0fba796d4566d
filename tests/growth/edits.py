"""A growth of the API that is made up: a field of the record, a parameter of a call, a third operation.

In three parts, as CONTRIBUTING.md tells it: what the page and the contract say, what the wrapper lacks then, and what
the sandbox lacks.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PACKAGE = "src/autocall_otp"
OPERATIONS, CLIENT, SERVICE = f"{PACKAGE}/_operations", f"{PACKAGE}/_client.py", f"{PACKAGE}/sandbox/service.py"
RUN_OTP = f"{OPERATIONS}/run_otp.py"
CALL_ID = "d6142fb6-6b3a-48fb-bd21-30f83ccb28c9"


class Edit(NamedTuple):
    """Put a text in place of another one, wherever that stands in a file; a file that is not there is made."""

    file: str
    found: str
    put: str

    def apply(self, root: Path) -> None:
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert self.found in text, f"{self.file} has no {self.found!r}: write these edits anew"
        path.write_text(text.replace(self.found, self.put) if self.found else self.put, encoding="utf-8")


def after(file: str, found: str, put: str) -> Edit:
    return Edit(file, found, found + put)


PAGE = [
    after("tests/page/get_cdr.answer.json", '  "autocall_recording_url": ""', ',\n  "carrier": "viettel"'),
    after(
        "tests/page/facts.yaml",
        "  misspelt: [time_ringging]\n",
        f"""
get_cdr_by_call_id:
  method: get
  path: /v3/autocall/log/{{call_id}}/call_id
  table:
    call_id: true
  in_path: [call_id]
  url_of_the_sample: /v3/autocall/log/{CALL_ID}/call_id
""",
    ),
]


def contract(root: Path) -> None:
    """What the page says now, and the contract after it; the parameter is of another page, so it is marked."""
    for edit in PAGE:
        edit.apply(root)
    folder, path = root / "tests" / "page", root / "openapi.yaml"
    shutil.copy(folder / "get_cdr.answer.json", folder / "get_cdr_by_call_id.answer.json")
    record = json.loads((folder / "get_cdr.answer.json").read_text(encoding="utf-8"))
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    schemas = spec["components"]["schemas"]
    schemas["CallDetailRecord"]["properties"]["carrier"] = {"type": "string", "description": "Network of the number."}
    schemas["OtpRequest"]["properties"]["language"] = {
        "type": "string",
        "description": "Language to read the code in.",
        "x-source": "inferred",
        "x-source-reason": "named on another page of the provider",
    }
    look_up = spec["paths"]["/v3/autocall/log/{ref_id}/ref_id"]
    for example in _examples(look_up).values():
        example["value"]["carrier"] = "viettel"
    other = json.loads(json.dumps(look_up).replace("ref_id", "call_id").replace("ByRefId", "ByCallId"))
    other["get"]["parameters"][0]["examples"]["sample"]["value"] = CALL_ID
    kept = {"sample": _examples(other)["sample"] | {"value": record}}
    _examples(other).clear()
    _examples(other).update(kept)
    spec["paths"]["/v3/autocall/log/{call_id}/call_id"] = other
    # JSON is YAML.
    path.write_text(json.dumps(spec, indent=1), encoding="utf-8")


def _examples(path: Any) -> Any:
    return path["get"]["responses"]["200"]["content"]["application/json"]["examples"]


MODEL = [
    after(
        f"{PACKAGE}/models.py",
        '    """Link to the autocall product\'s own recording."""\n',
        '    carrier: str | None = _unshown()\n    """Network that the called number belongs to."""\n',
    ),
]

ARGUMENT = [
    after(RUN_OTP, "    ref_id: str | None,\n", "    language: str | None,\n"),
    after(
        RUN_OTP,
        "        ref_id=reference,\n",
        "        language=UNSET if language is None else language,\n",
    ),
    after(
        RUN_OTP,
        "    from autocall_otp_api.models import OtpRequest  # noqa: PLC0415 - the same\n",
        "    from autocall_otp_api.types import UNSET  # noqa: PLC0415 - the same\n",
    ),
    after(CLIENT, "        ref_id: str | None = None,\n", "        language: str | None = None,\n"),
    after(CLIENT, "            ref_id=ref_id,\n", "            language=language,\n"),
]

USE_CASE = [
    Edit(
        f"{OPERATIONS}/get_cdr_by_call_id.py",
        "",
        """\
from __future__ import annotations

from autocall_otp._config import Settings
from autocall_otp._errors import Outcome
from autocall_otp._operations.arguments import validate_ref_id
from autocall_otp._operations.record import read_record
from autocall_otp._operations.request import request_maker
from autocall_otp._redact import Secrets
from autocall_otp._sansio.outcome import Operation, unreadable
from autocall_otp._sansio.retry import Flow, RetryPolicy, send_with_retries
from autocall_otp.models import Cdr


def get_cdr_by_call_id(settings: Settings, policy: RetryPolicy, call_id: str) -> Flow[Cdr]:
    from autocall_otp_api.api.voice_otp.get_cdr_by_call_id import _get_kwargs

    deadline = policy.clock() + settings.deadline
    operation = Operation(name="get_cdr_by_call_id", ref_id="", secrets=Secrets())
    request = request_maker(settings.base_url, _get_kwargs(validate_ref_id(call_id, Outcome.UNKNOWN)))
    response = yield from send_with_retries(
        request, operation, policy, deadline=deadline, attempts=settings.retry.attempts
    )
    record = read_record(response, operation, settings.timezone, None)
    if record is None:
        raise unreadable(response, operation, "there is no record in it")
    return record
""",
    ),
    Edit(
        CLIENT,
        "from autocall_otp._operations.request import load_generated_code\n",
        "from autocall_otp._operations.get_cdr_by_call_id import get_cdr_by_call_id\n"
        "from autocall_otp._operations.request import load_generated_code\n",
    ),
    Edit(
        CLIENT,
        "    def wait_for_cdr(\n",
        """\
    def get_cdr_by_call_id(self, call_id: str) -> Cdr:
        return self._session.run(get_cdr_by_call_id(self._settings, self._policy, call_id))

    def wait_for_cdr(
""",
    ),
    Edit(
        CLIENT,
        "    async def wait_for_cdr(\n",
        """\
    async def get_cdr_by_call_id(self, call_id: str) -> Cdr:
        return await self._session.run(get_cdr_by_call_id(self._settings, self._policy, call_id))

    async def wait_for_cdr(
""",
    ),
]

SANDBOX = [
    after(f"{PACKAGE}/sandbox/calls.py", '        "autocall_recording_url": "",\n', '        "carrier": "viettel",\n'),
    Edit(
        SERVICE,
        'return {"runOtp": self.run_otp, "getCdrByRefId": self.get_cdr}',
        'return {"runOtp": self.run_otp, "getCdrByRefId": self.get_cdr, "getCdrByCallId": self.get_cdr}',
    ),
    Edit(
        SERVICE,
        '        call = self._board.by_reference(request.parameters["ref_id"])\n',
        """\
        if "call_id" in request.parameters:
            wanted = request.parameters["call_id"]
            call = next((call for call in self._board.all() if call.call_id == wanted), None)
        else:
            call = self._board.by_reference(request.parameters["ref_id"])
""",
    ),
]
