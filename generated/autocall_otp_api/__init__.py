# Generated from openapi.yaml by "make generate"; do not edit.
"""A client library for accessing Autocall OTP"""

from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
