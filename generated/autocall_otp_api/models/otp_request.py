# Generated from openapi.yaml by "make generate"; do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="OtpRequest")


@_attrs_define
class OtpRequest:
    """One voice call. The page contradicts itself on the script's name: its table says `template_name`, its two samples
    and the echo in the record's `additional` say `template`. The samples win, so `template` is sent.

        Attributes:
            campaign_uuid (UUID): UUID of the campaign that the call belongs to.
            phone_number (str): Phone number to call, in the domestic form of the sample (a leading 0).
            template (str): Name of the script that reads the code. The page's table calls this parameter `template_name`;
                its samples, which win, call it `template`.
            code_otp (str): The one-time code to read aloud. Letters are allowed, as the sample shows. Secret.
            ref_id (str | Unset): The caller's own reference for this call, by which its record can be looked up. Optional.
    """

    campaign_uuid: UUID
    phone_number: str
    template: str
    code_otp: str
    ref_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        campaign_uuid = str(self.campaign_uuid)

        phone_number = self.phone_number

        template = self.template

        code_otp = self.code_otp

        ref_id = self.ref_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "campaign_uuid": campaign_uuid,
                "phone_number": phone_number,
                "template": template,
                "code_otp": code_otp,
            }
        )
        if ref_id is not UNSET:
            field_dict["ref_id"] = ref_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        campaign_uuid = UUID(d.pop("campaign_uuid"))

        phone_number = d.pop("phone_number")

        template = d.pop("template")

        code_otp = d.pop("code_otp")

        ref_id = d.pop("ref_id", UNSET)

        otp_request = cls(
            campaign_uuid=campaign_uuid,
            phone_number=phone_number,
            template=template,
            code_otp=code_otp,
            ref_id=ref_id,
        )

        otp_request.additional_properties = d
        return otp_request

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
