# Generated from openapi.yaml by "make generate"; do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.additional import Additional


T = TypeVar("T", bound="CallDetailRecord")


@_attrs_define
class CallDetailRecord:
    """How one call went. An empty string means "unknown" or "did not happen" in every text field, times included, so no
    text field has a format or a closed list of values. Times are wall-clock times without a zone, written `YYYY-MM-DD
    HH:MM:SS`; other pages of the provider suggest UTC+07:00. The page marks no field as always present, so none is
    required here.

        Attributes:
            id (str | Unset): Identifier of the call; a UUID in the sample.
            parent_id (str | Unset): Identifier of the call that this one belongs to; equal to `id` in the sample.
            sip_call_id (str | Unset): Call-ID of the SIP dialogue.
            cause (str | Unset): Hangup cause in FreeSWITCH's words, for example `NORMAL_CLEARING`.
            duration (int | Unset): Time from the start of the call to its end, in seconds.
            direction (str | Unset): Direction of the call; `outbound` in the sample.
            recording_url (str | Unset): Link to a recording of the call, or empty.
            extension (str | Unset): Extension of the agent in the call, or empty.
            from_number (str | Unset): Number that the call was made from.
            to_number (str | Unset): Number that was called.
            receive_dest (str | Unset): Destination that took the call, or empty.
            time_started (str | Unset): When the call started. Local time without a zone, or empty.
            time_answered (str | Unset): When the call was answered. Local time without a zone; empty when nobody answered.
            time_ended (str | Unset): When the call ended. Local time without a zone, or empty.
            time_ringging (str | Unset): When the phone began to ring. Local time without a zone, or empty. The name is
                misspelt on the wire and mirrored as it is.
            status (str | Unset): How the call ended; `answered` in the sample. Other pages list busy, failed, no-answered,
                not-available, voicemail, invalid-number, phone-block and congestion, older ones in upper case. The list is
                open.
            billsec (int | Unset): Time spent talking, in seconds; 0 when nobody answered.
            app (str | Unset): Product that made the call; `autocall` in the sample.
            press_key (str | Unset): Keys that the callee pressed, as a JSON object inside a string; `{}` in the sample.
            fullname (str | Unset): Full name of the agent, or empty.
            email (str | Unset): E-mail address of the agent, or empty.
            username (str | Unset): User name of the agent, or empty.
            sip_hangup_disposition (str | Unset): Which side ended the SIP dialogue and how, in FreeSWITCH's words;
                `recv_bye` in the sample.
            campaign_uuid (str | Unset): UUID of the campaign that the call belongs to.
            lead_uuid (str | Unset): Identifier of the entry in the campaign that the call was made for.
            rate (str | Unset): Score that the customer gave, or empty.
            digits (str | Unset): Digits of the score that the customer gave, or empty.
            note (str | Unset): Note on the call, or empty.
            customer_fullname (str | Unset): Full name of the customer, or empty.
            customer_email (str | Unset): E-mail address of the customer, or empty.
            demand_customer (str | Unset): What the customer asked for, or empty.
            interest_segment (str | Unset): Segment that the customer is interested in, or empty.
            additional (Additional | Unset): What the caller passed in when the call was placed; for a voice OTP call the
                whole request, the code included. Secret.
            autocall_presskey_epoch (str | Unset): When a key was pressed, as seconds of the Unix epoch written as text, or
                empty.
            time_presskey (str | Unset): When a key was pressed. Local time without a zone, or empty.
            presskey_delay (int | Unset): Delay from the answer to the key press; 0 in the sample, where no key was pressed.
                No unit is stated; seconds is what the fields beside it count in.
            autocall_recording_url (str | Unset): Link to the autocall product's own recording of the call, or empty.
    """

    id: str | Unset = UNSET
    parent_id: str | Unset = UNSET
    sip_call_id: str | Unset = UNSET
    cause: str | Unset = UNSET
    duration: int | Unset = UNSET
    direction: str | Unset = UNSET
    recording_url: str | Unset = UNSET
    extension: str | Unset = UNSET
    from_number: str | Unset = UNSET
    to_number: str | Unset = UNSET
    receive_dest: str | Unset = UNSET
    time_started: str | Unset = UNSET
    time_answered: str | Unset = UNSET
    time_ended: str | Unset = UNSET
    time_ringging: str | Unset = UNSET
    status: str | Unset = UNSET
    billsec: int | Unset = UNSET
    app: str | Unset = UNSET
    press_key: str | Unset = UNSET
    fullname: str | Unset = UNSET
    email: str | Unset = UNSET
    username: str | Unset = UNSET
    sip_hangup_disposition: str | Unset = UNSET
    campaign_uuid: str | Unset = UNSET
    lead_uuid: str | Unset = UNSET
    rate: str | Unset = UNSET
    digits: str | Unset = UNSET
    note: str | Unset = UNSET
    customer_fullname: str | Unset = UNSET
    customer_email: str | Unset = UNSET
    demand_customer: str | Unset = UNSET
    interest_segment: str | Unset = UNSET
    additional: Additional | Unset = UNSET
    autocall_presskey_epoch: str | Unset = UNSET
    time_presskey: str | Unset = UNSET
    presskey_delay: int | Unset = UNSET
    autocall_recording_url: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        parent_id = self.parent_id

        sip_call_id = self.sip_call_id

        cause = self.cause

        duration = self.duration

        direction = self.direction

        recording_url = self.recording_url

        extension = self.extension

        from_number = self.from_number

        to_number = self.to_number

        receive_dest = self.receive_dest

        time_started = self.time_started

        time_answered = self.time_answered

        time_ended = self.time_ended

        time_ringging = self.time_ringging

        status = self.status

        billsec = self.billsec

        app = self.app

        press_key = self.press_key

        fullname = self.fullname

        email = self.email

        username = self.username

        sip_hangup_disposition = self.sip_hangup_disposition

        campaign_uuid = self.campaign_uuid

        lead_uuid = self.lead_uuid

        rate = self.rate

        digits = self.digits

        note = self.note

        customer_fullname = self.customer_fullname

        customer_email = self.customer_email

        demand_customer = self.demand_customer

        interest_segment = self.interest_segment

        additional: dict[str, Any] | Unset = UNSET
        if not isinstance(self.additional, Unset):
            additional = self.additional.to_dict()

        autocall_presskey_epoch = self.autocall_presskey_epoch

        time_presskey = self.time_presskey

        presskey_delay = self.presskey_delay

        autocall_recording_url = self.autocall_recording_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if parent_id is not UNSET:
            field_dict["parent_id"] = parent_id
        if sip_call_id is not UNSET:
            field_dict["sip_call_id"] = sip_call_id
        if cause is not UNSET:
            field_dict["cause"] = cause
        if duration is not UNSET:
            field_dict["duration"] = duration
        if direction is not UNSET:
            field_dict["direction"] = direction
        if recording_url is not UNSET:
            field_dict["recording_url"] = recording_url
        if extension is not UNSET:
            field_dict["extension"] = extension
        if from_number is not UNSET:
            field_dict["from_number"] = from_number
        if to_number is not UNSET:
            field_dict["to_number"] = to_number
        if receive_dest is not UNSET:
            field_dict["receive_dest"] = receive_dest
        if time_started is not UNSET:
            field_dict["time_started"] = time_started
        if time_answered is not UNSET:
            field_dict["time_answered"] = time_answered
        if time_ended is not UNSET:
            field_dict["time_ended"] = time_ended
        if time_ringging is not UNSET:
            field_dict["time_ringging"] = time_ringging
        if status is not UNSET:
            field_dict["status"] = status
        if billsec is not UNSET:
            field_dict["billsec"] = billsec
        if app is not UNSET:
            field_dict["app"] = app
        if press_key is not UNSET:
            field_dict["press_key"] = press_key
        if fullname is not UNSET:
            field_dict["fullname"] = fullname
        if email is not UNSET:
            field_dict["email"] = email
        if username is not UNSET:
            field_dict["username"] = username
        if sip_hangup_disposition is not UNSET:
            field_dict["sip_hangup_disposition"] = sip_hangup_disposition
        if campaign_uuid is not UNSET:
            field_dict["campaign_uuid"] = campaign_uuid
        if lead_uuid is not UNSET:
            field_dict["lead_uuid"] = lead_uuid
        if rate is not UNSET:
            field_dict["rate"] = rate
        if digits is not UNSET:
            field_dict["digits"] = digits
        if note is not UNSET:
            field_dict["note"] = note
        if customer_fullname is not UNSET:
            field_dict["customer_fullname"] = customer_fullname
        if customer_email is not UNSET:
            field_dict["customer_email"] = customer_email
        if demand_customer is not UNSET:
            field_dict["demand_customer"] = demand_customer
        if interest_segment is not UNSET:
            field_dict["interest_segment"] = interest_segment
        if additional is not UNSET:
            field_dict["additional"] = additional
        if autocall_presskey_epoch is not UNSET:
            field_dict["autocall_presskey_epoch"] = autocall_presskey_epoch
        if time_presskey is not UNSET:
            field_dict["time_presskey"] = time_presskey
        if presskey_delay is not UNSET:
            field_dict["presskey_delay"] = presskey_delay
        if autocall_recording_url is not UNSET:
            field_dict["autocall_recording_url"] = autocall_recording_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.additional import Additional  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id", UNSET)

        parent_id = d.pop("parent_id", UNSET)

        sip_call_id = d.pop("sip_call_id", UNSET)

        cause = d.pop("cause", UNSET)

        duration = d.pop("duration", UNSET)

        direction = d.pop("direction", UNSET)

        recording_url = d.pop("recording_url", UNSET)

        extension = d.pop("extension", UNSET)

        from_number = d.pop("from_number", UNSET)

        to_number = d.pop("to_number", UNSET)

        receive_dest = d.pop("receive_dest", UNSET)

        time_started = d.pop("time_started", UNSET)

        time_answered = d.pop("time_answered", UNSET)

        time_ended = d.pop("time_ended", UNSET)

        time_ringging = d.pop("time_ringging", UNSET)

        status = d.pop("status", UNSET)

        billsec = d.pop("billsec", UNSET)

        app = d.pop("app", UNSET)

        press_key = d.pop("press_key", UNSET)

        fullname = d.pop("fullname", UNSET)

        email = d.pop("email", UNSET)

        username = d.pop("username", UNSET)

        sip_hangup_disposition = d.pop("sip_hangup_disposition", UNSET)

        campaign_uuid = d.pop("campaign_uuid", UNSET)

        lead_uuid = d.pop("lead_uuid", UNSET)

        rate = d.pop("rate", UNSET)

        digits = d.pop("digits", UNSET)

        note = d.pop("note", UNSET)

        customer_fullname = d.pop("customer_fullname", UNSET)

        customer_email = d.pop("customer_email", UNSET)

        demand_customer = d.pop("demand_customer", UNSET)

        interest_segment = d.pop("interest_segment", UNSET)

        _additional = d.pop("additional", UNSET)
        additional: Additional | Unset
        if isinstance(_additional, Unset):
            additional = UNSET
        else:
            additional = Additional.from_dict(_additional)

        autocall_presskey_epoch = d.pop("autocall_presskey_epoch", UNSET)

        time_presskey = d.pop("time_presskey", UNSET)

        presskey_delay = d.pop("presskey_delay", UNSET)

        autocall_recording_url = d.pop("autocall_recording_url", UNSET)

        call_detail_record = cls(
            id=id,
            parent_id=parent_id,
            sip_call_id=sip_call_id,
            cause=cause,
            duration=duration,
            direction=direction,
            recording_url=recording_url,
            extension=extension,
            from_number=from_number,
            to_number=to_number,
            receive_dest=receive_dest,
            time_started=time_started,
            time_answered=time_answered,
            time_ended=time_ended,
            time_ringging=time_ringging,
            status=status,
            billsec=billsec,
            app=app,
            press_key=press_key,
            fullname=fullname,
            email=email,
            username=username,
            sip_hangup_disposition=sip_hangup_disposition,
            campaign_uuid=campaign_uuid,
            lead_uuid=lead_uuid,
            rate=rate,
            digits=digits,
            note=note,
            customer_fullname=customer_fullname,
            customer_email=customer_email,
            demand_customer=demand_customer,
            interest_segment=interest_segment,
            additional=additional,
            autocall_presskey_epoch=autocall_presskey_epoch,
            time_presskey=time_presskey,
            presskey_delay=presskey_delay,
            autocall_recording_url=autocall_recording_url,
        )

        call_detail_record.additional_properties = d
        return call_detail_record

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
