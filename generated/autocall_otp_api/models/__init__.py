# Generated from openapi.yaml by "make generate"; do not edit.
"""Contains all the data models used in inputs/outputs"""

from .additional import Additional
from .call_detail_record import CallDetailRecord
from .error import Error
from .error_error_type_1_item import ErrorErrorType1Item
from .otp_answer import OtpAnswer
from .otp_request import OtpRequest

__all__ = (
    "Additional",
    "CallDetailRecord",
    "Error",
    "ErrorErrorType1Item",
    "OtpAnswer",
    "OtpRequest",
)
