# Generated from openapi.yaml by "make generate"; do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Additional")


@_attrs_define
class Additional:
    """What the caller passed in when the call was placed; for a voice OTP call the whole request, the code included.
    Secret.

        Attributes:
            campaign_uuid (str | Unset): As sent in the request.
            code_otp (str | Unset): As sent in the request. Secret.
            phone_number (str | Unset): As sent in the request.
            ref_id (str | Unset): As sent in the request.
            template (str | Unset): As sent in the request; here, too, it is named `template`.
    """

    campaign_uuid: str | Unset = UNSET
    code_otp: str | Unset = UNSET
    phone_number: str | Unset = UNSET
    ref_id: str | Unset = UNSET
    template: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        campaign_uuid = self.campaign_uuid

        code_otp = self.code_otp

        phone_number = self.phone_number

        ref_id = self.ref_id

        template = self.template

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if campaign_uuid is not UNSET:
            field_dict["campaign_uuid"] = campaign_uuid
        if code_otp is not UNSET:
            field_dict["code_otp"] = code_otp
        if phone_number is not UNSET:
            field_dict["phone_number"] = phone_number
        if ref_id is not UNSET:
            field_dict["ref_id"] = ref_id
        if template is not UNSET:
            field_dict["template"] = template

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        campaign_uuid = d.pop("campaign_uuid", UNSET)

        code_otp = d.pop("code_otp", UNSET)

        phone_number = d.pop("phone_number", UNSET)

        ref_id = d.pop("ref_id", UNSET)

        template = d.pop("template", UNSET)

        additional = cls(
            campaign_uuid=campaign_uuid,
            code_otp=code_otp,
            phone_number=phone_number,
            ref_id=ref_id,
            template=template,
        )

        additional.additional_properties = d
        return additional

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
