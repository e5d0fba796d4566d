"""Place a call that reads a code aloud: the documented page, "Run OTP"."""

from __future__ import annotations

from uuid import UUID, uuid4

from autocall_otp._config import Settings, validate_campaign_uuid, validate_template
from autocall_otp._errors import AutocallError, Outcome, invalid
from autocall_otp._log import logger
from autocall_otp._operations.arguments import normalize_number, validate_code, validate_ref_id
from autocall_otp._operations.record import read_object
from autocall_otp._operations.request import request_maker
from autocall_otp._payload import Payload
from autocall_otp._redact import Json, Secrets
from autocall_otp._sansio.outcome import Operation, unreadable
from autocall_otp._sansio.response import RawResponse
from autocall_otp._sansio.retry import Flow, RetryPolicy, annotate, send_with_retries
from autocall_otp.models import OtpCall


def run_otp(  # noqa: PLR0913 - the documented parameters
    settings: Settings,
    policy: RetryPolicy,
    phone_number: str,
    code_otp: str,
    *,
    campaign_uuid: str | UUID | None,
    template: str | None,
    ref_id: str | None,
    allow_international: bool | None,
) -> Flow[OtpCall]:
    """Place a call, and say in the log when the phone may ring although the caller gets an error."""
    from autocall_otp_api.api.voice_otp.run_otp import _get_kwargs  # noqa: PLC0415 - loaded with the first client
    from autocall_otp_api.models import OtpRequest  # noqa: PLC0415 - the same

    deadline = policy.clock() + settings.deadline
    if not isinstance(allow_international, bool | None):
        raise invalid("allow_international", "must be True or False, or left out")
    international = settings.allow_international if allow_international is None else allow_international
    number = normalize_number(phone_number, allow_international=international)
    code = validate_code(code_otp)
    reference = str(uuid4()) if ref_id is None else validate_ref_id(ref_id)
    body = OtpRequest(
        campaign_uuid=validate_campaign_uuid(settings.campaign_uuid if campaign_uuid is None else campaign_uuid),
        phone_number=number,
        template=validate_template(settings.template if template is None else template),
        code_otp=code,
        ref_id=reference,
    )
    secrets = Secrets(codes=(code,), numbers=(number,))
    operation = Operation(
        name="run_otp", ref_id=reference, secrets=secrets, places_call=True, ring_again=settings.retry.unknown_outcome
    )
    response: RawResponse | None = None
    try:
        response = yield from send_with_retries(
            request_maker(settings.base_url, _get_kwargs(body=body)),
            operation,
            policy,
            deadline=deadline,
            attempts=settings.retry.attempts,
        )
        return _read_call(response, operation, number)
    except AutocallError as error:
        if error.outcome is Outcome.UNKNOWN:
            logger.warning("%s: %s", operation.note(error.outcome), secrets.redact(str(error)))
        raise
    except BaseException as error:
        if response is not None:
            # A signal's, while the answer of a call that was placed is read.
            annotate(error, operation, Outcome.UNKNOWN)
        raise


def _read_call(response: RawResponse, operation: Operation, number: str) -> OtpCall:
    values = read_object(response)
    if values is None:
        raise unreadable(response, operation, "its body is not a JSON object")
    if values.get("error"):
        raise unreadable(response, operation, "its body is an error")
    texts = read_answer(values)
    if (call_id := texts["call_id"]) is None:
        raise unreadable(response, operation, "it names no call_id")
    message = texts["message"]
    return OtpCall(
        call_id=call_id,
        lead_uuid=texts["lead_uuid"],
        message=message and operation.secrets.redact(message),
        ref_id=texts["ref_id"] or operation.ref_id,
        phone_number=number,
        raw=Payload(values, operation.secrets),
    )


def read_answer(values: dict[str, Json]) -> dict[str, str | None]:
    """The texts of an answer; what is missing, empty or no text is None."""
    from autocall_otp_api.models import OtpAnswer  # noqa: PLC0415 - loaded with the first client

    answer = OtpAnswer.from_dict(values)
    texts = {name: getattr(answer, name) for name in ("call_id", "lead_uuid", "message", "ref_id")}
    return {name: text if isinstance(text, str) and text else None for name, text in texts.items()}
