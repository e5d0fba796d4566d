# Generated from openapi.yaml by "make generate"; do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="OtpAnswer")


@_attrs_define
class OtpAnswer:
    """What the service says of a call that it took. The page marks no field of an answer as always present, so none is
    required here.

        Attributes:
            call_id (str | Unset): Identifier of the call; the same value as `id` in its record.
            lead_uuid (str | Unset): Identifier of the entry in the campaign that the call was made for.
            message (str | Unset): Result in words; `success` in the page's sample.
            ref_id (str | Unset): The reference that the call was placed with.
    """

    call_id: str | Unset = UNSET
    lead_uuid: str | Unset = UNSET
    message: str | Unset = UNSET
    ref_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        call_id = self.call_id

        lead_uuid = self.lead_uuid

        message = self.message

        ref_id = self.ref_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if call_id is not UNSET:
            field_dict["call_id"] = call_id
        if lead_uuid is not UNSET:
            field_dict["lead_uuid"] = lead_uuid
        if message is not UNSET:
            field_dict["message"] = message
        if ref_id is not UNSET:
            field_dict["ref_id"] = ref_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        call_id = d.pop("call_id", UNSET)

        lead_uuid = d.pop("lead_uuid", UNSET)

        message = d.pop("message", UNSET)

        ref_id = d.pop("ref_id", UNSET)

        otp_answer = cls(
            call_id=call_id,
            lead_uuid=lead_uuid,
            message=message,
            ref_id=ref_id,
        )

        otp_answer.additional_properties = d
        return otp_answer

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
