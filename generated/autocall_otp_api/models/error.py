# Generated from openapi.yaml by "make generate"; do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.error_error_type_1_item import ErrorErrorType1Item


T = TypeVar("T", bound="Error")


@_attrs_define
class Error:
    """Why a request was not carried out.

    Attributes:
        error (list[ErrorErrorType1Item] | str): A text, or one object for each field at fault with the field's name and
            what is wrong with it.
        code (int | Unset): The HTTP status again.
        content (str | Unset): The error in words.
        message (str | Unset): The error in words, beside an upper-case error name.
    """

    error: list[ErrorErrorType1Item] | str
    code: int | Unset = UNSET
    content: str | Unset = UNSET
    message: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        error: list[dict[str, Any]] | str
        if isinstance(self.error, list):
            error = []
            for error_type_1_item_data in self.error:
                error_type_1_item = error_type_1_item_data.to_dict()
                error.append(error_type_1_item)

        else:
            error = self.error

        code = self.code

        content = self.content

        message = self.message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "error": error,
            }
        )
        if code is not UNSET:
            field_dict["code"] = code
        if content is not UNSET:
            field_dict["content"] = content
        if message is not UNSET:
            field_dict["message"] = message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.error_error_type_1_item import ErrorErrorType1Item  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_error(data: object) -> list[ErrorErrorType1Item] | str:
            try:
                if not isinstance(data, list):
                    raise TypeError()
                error_type_1 = []
                _error_type_1 = data
                for error_type_1_item_data in _error_type_1:
                    error_type_1_item = ErrorErrorType1Item.from_dict(error_type_1_item_data)

                    error_type_1.append(error_type_1_item)

                return error_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ErrorErrorType1Item] | str, data)

        error = _parse_error(d.pop("error"))

        code = d.pop("code", UNSET)

        content = d.pop("content", UNSET)

        message = d.pop("message", UNSET)

        error = cls(
            error=error,
            code=code,
            content=content,
            message=message,
        )

        error.additional_properties = d
        return error

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
