# Generated from openapi.yaml by "make generate"; do not edit.
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.otp_answer import OtpAnswer
from ...models.otp_request import OtpRequest
from ...types import Response


def _get_kwargs(
    *,
    body: OtpRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v3/autocall/otp",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | OtpAnswer | None:
    if response.status_code == 200:
        response_200 = OtpAnswer.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Error.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Error.from_dict(response.json())

        return response_404

    if response.status_code == 429:
        response_429 = Error.from_dict(response.json())

        return response_429

    if 500 <= response.status_code <= 599:
        response_5xx = Error.from_dict(response.json())

        return response_5xx

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Error | OtpAnswer]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: OtpRequest,
) -> Response[Error | OtpAnswer]:
    """Place a call that reads a code

     Queues an outbound call to one phone number. The answer comes before the phone rings: it says that
    the call was taken, not that anyone answered. Whether a repeated `ref_id` is refused or dialled
    again is not known, so a request without an answer must not be sent again blindly.

    Args:
        body (OtpRequest): One voice call. The page contradicts itself on the script's name: its
            table says `template_name`, its two samples and the echo in the record's `additional` say
            `template`. The samples win, so `template` is sent.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | OtpAnswer]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: OtpRequest,
) -> Error | OtpAnswer | None:
    """Place a call that reads a code

     Queues an outbound call to one phone number. The answer comes before the phone rings: it says that
    the call was taken, not that anyone answered. Whether a repeated `ref_id` is refused or dialled
    again is not known, so a request without an answer must not be sent again blindly.

    Args:
        body (OtpRequest): One voice call. The page contradicts itself on the script's name: its
            table says `template_name`, its two samples and the echo in the record's `additional` say
            `template`. The samples win, so `template` is sent.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | OtpAnswer
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: OtpRequest,
) -> Response[Error | OtpAnswer]:
    """Place a call that reads a code

     Queues an outbound call to one phone number. The answer comes before the phone rings: it says that
    the call was taken, not that anyone answered. Whether a repeated `ref_id` is refused or dialled
    again is not known, so a request without an answer must not be sent again blindly.

    Args:
        body (OtpRequest): One voice call. The page contradicts itself on the script's name: its
            table says `template_name`, its two samples and the echo in the record's `additional` say
            `template`. The samples win, so `template` is sent.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | OtpAnswer]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: OtpRequest,
) -> Error | OtpAnswer | None:
    """Place a call that reads a code

     Queues an outbound call to one phone number. The answer comes before the phone rings: it says that
    the call was taken, not that anyone answered. Whether a repeated `ref_id` is refused or dialled
    again is not known, so a request without an answer must not be sent again blindly.

    Args:
        body (OtpRequest): One voice call. The page contradicts itself on the script's name: its
            table says `template_name`, its two samples and the echo in the record's `additional` say
            `template`. The samples win, so `template` is sent.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | OtpAnswer
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
