"""A growth of the API that is made up: a field of the record, a parameter of a call, a third operation.

In three parts, as CONTRIBUTING.md tells it: what the page and the contract say, what the wrapper lacks then, and what
the sandbox lacks.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

PACKAGE = "src/autocall_otp"
OPERATIONS, CLIENT, SERVICE = f"{PACKAGE}/_operations.py", f"{PACKAGE}/_client.py", f"{PACKAGE}/sandbox/service.py"
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


OPERATION = """\
  /v3/autocall/log/{call_id}/call_id:
    get:
      operationId: getCdrByCallId
      tags: [Voice OTP]
      summary: Get a call detail record by the call's identifier
      description: Fetches the same record as a look-up by reference.
      parameters:
        - name: call_id
          in: path
          required: true
          description: The call's identifier; neither optional nor in the query, whatever a table says.
          schema:
            type: string
          examples:
            sample:
              summary: The page's sample look-up
              value: d6142fb6-6b3a-48fb-bd21-30f83ccb28c9
      responses:
        "200":
          description: The call detail record.
          x-source: inferred
          x-source-reason: the page shows the body of the answer without its status
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/CallDetailRecord"
              examples:
                sample:
                  summary: The page's sample record
                  value: SAMPLE
        "400":
          $ref: "#/components/responses/BadRequest"
        "401":
          $ref: "#/components/responses/Unauthorized"
        "403":
          $ref: "#/components/responses/Forbidden"
        "404":
          $ref: "#/components/responses/NotFound"
        "429":
          $ref: "#/components/responses/TooManyRequests"
        5XX:
          $ref: "#/components/responses/ServerError"

"""


def contract(root: Path) -> list[Edit]:
    """What the page says now, and the contract after it; the parameter is of another page, so it is marked."""
    record = (root / "tests/page/get_cdr.answer.json").read_text(encoding="utf-8")
    last = '  "autocall_recording_url": ""'
    record = record.replace(last, f'{last},\n  "carrier": "viettel"')
    link = "Link to the autocall product's own recording of the call, or empty."
    reference = "The caller's own reference for this call, by which its record can be looked up. Optional."
    return [
        after("tests/page/get_cdr.answer.json", last, ',\n  "carrier": "viettel"'),
        Edit("tests/page/get_cdr_by_call_id.answer.json", "", record),
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
        after(
            "openapi.yaml", '                    autocall_recording_url: ""\n', "                    carrier: viettel\n"
        ),
        after(
            "openapi.yaml",
            f"          description: {link}\n",
            """\
        carrier:
          type: string
          description: Network that the called number belongs to; `viettel` in the sample.
""",
        ),
        after(
            "openapi.yaml",
            f"          description: {reference}\n",
            """\
        language:
          type: string
          description: Language to read the code in.
          x-source: inferred
          x-source-reason: named on another page of the provider
""",
        ),
        # JSON is YAML: the sample stands there as the page shows it.
        Edit(
            "openapi.yaml",
            "\ncomponents:\n",
            "\n" + OPERATION.replace("SAMPLE", record.strip().replace("\n", "\n" + " " * 20)) + "components:\n",
        ),
    ]


MODEL = [
    after(
        f"{PACKAGE}/models.py",
        '    """Link to the autocall product\'s own recording."""\n',
        '    carrier: str | None = _quiet()\n    """Network that the called number belongs to."""\n',
    ),
]

ARGUMENT = [
    after(OPERATIONS, "    ref_id: str | None,\n", "    language: str | None = None,\n"),
    Edit(
        OPERATIONS,
        "        ref_id=reference,\n    )\n    secrets",
        "        ref_id=reference,\n        language=UNSET if language is None else language,\n    )\n    secrets",
    ),
    after(
        OPERATIONS,
        "from autocall_otp_api.models import OtpAnswer, OtpRequest\n",
        "from autocall_otp_api.types import UNSET\n",
    ),
    after(CLIENT, "        ref_id: str | None = None,\n", "        language: str | None = None,\n"),
    after(CLIENT, "            ref_id=ref_id,\n", "            language=language,\n"),
    after(
        CLIENT,
        "            ref_id: your reference for the call; made for you when there is none.\n",
        "            language: language to read the code in; the service's choice when there is none.\n",
    ),
]

USE_CASE = [
    Edit(
        OPERATIONS,
        "from autocall_otp_api.api.voice_otp import get_cdr_by_ref_id\n",
        "from autocall_otp_api.api.voice_otp import get_cdr_by_call_id as get_cdr_by_call_id_api\n"
        "from autocall_otp_api.api.voice_otp import get_cdr_by_ref_id\n",
    ),
    Edit(
        OPERATIONS,
        "def wait_for_cdr(\n",
        '''\
def get_cdr_by_call_id(settings: Settings, policy: Policy, call_id: str) -> Flow[Cdr]:
    """Look a record up by its call's identifier; the page, "Get CDR by Call ID"."""
    until = policy.clock() + policy.deadline
    judge = Judge(places_a_call=False, ref_id="", secrets={})
    segment = _arguments.ref_id(call_id, "call_id")
    request = _request(settings, get_cdr_by_call_id_api._get_kwargs(segment))  # noqa: SLF001 - its only pure half
    answer = yield from persist(request, judge, policy, until=until, attempts=policy.retry.attempts)
    return _record(answer, judge, settings)


def wait_for_cdr(
''',
    ),
    Edit(
        f"{PACKAGE}/_arguments.py",
        "def ref_id(value: str) -> str:\n",
        'def ref_id(value: str, argument: str = "ref_id") -> str:\n',
    ),
    Edit(f"{PACKAGE}/_arguments.py", 'refuse("ref_id", ', "refuse(argument, "),
    after(
        CLIENT,
        "        self._flow_of_get_cdr = partial(_operations.get_cdr, settings, policy)\n",
        "        self._flow_of_get_cdr_by_call_id = partial(_operations.get_cdr_by_call_id, settings, policy)\n",
    ),
    Edit(
        CLIENT,
        "    def wait_for_cdr(\n",
        '''\
    def get_cdr_by_call_id(self, call_id: str) -> Cdr:
        """Look up the record of a call by the call's identifier, `OtpCall.call_id`.

        Raises:
            InvalidRequestError: the identifier was refused; nothing was sent.
            NotFoundError: there is no record, or not yet.
            AutocallError: anything else.
        """
        return self._run(self._flow_of_get_cdr_by_call_id(call_id))

    def wait_for_cdr(
''',
    ),
    Edit(
        CLIENT,
        "    async def wait_for_cdr(\n",
        '''\
    async def get_cdr_by_call_id(self, call_id: str) -> Cdr:
        """Look up the record of a call by the call's identifier: `Client.get_cdr_by_call_id`, awaited.

        Raises:
            NotFoundError: there is no record, or not yet.
            AutocallError: anything else.
        """
        return await self._run(self._flow_of_get_cdr_by_call_id(call_id))

    async def wait_for_cdr(
''',
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
        'self._board.by_reference(request.parameters["ref_id"])',
        "self._board.by_reference(**request.parameters)",
    ),
    Edit(
        f"{PACKAGE}/sandbox/switchboard.py",
        "    def by_reference(self, ref_id: str) -> PlacedCall | None:\n",
        '    def by_reference(self, ref_id: str = "", call_id: str = "") -> PlacedCall | None:\n',
    ),
    Edit(
        f"{PACKAGE}/sandbox/switchboard.py",
        "self._store.by_reference(ref_id)",
        "self._store.by_reference(ref_id, call_id)",
    ),
    Edit(
        f"{PACKAGE}/sandbox/store.py",
        "    def by_reference(self, ref_id: str) -> PlacedCall | None:\n",
        '    def by_reference(self, ref_id: str, call_id: str = "") -> PlacedCall | None:\n',
    ),
    Edit(
        f"{PACKAGE}/sandbox/store.py",
        "        ids = self._by_ref.get(ref_id)\n",
        """\
        ids = self._by_ref.get(ref_id)
        if call_id:
            ids = [key for key, call in self._calls.items() if call.call_id == call_id]
""",
    ),
]
