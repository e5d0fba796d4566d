# Generated from openapi.yaml by "make generate"; do not edit.
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.call_detail_record import CallDetailRecord
from ...models.error import Error
from ...types import Response


def _get_kwargs(
    ref_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v3/autocall/log/{ref_id}/ref_id".format(
            ref_id=quote(str(ref_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CallDetailRecord | Error | None:
    if response.status_code == 200:
        response_200 = CallDetailRecord.from_dict(response.json())

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
) -> Response[CallDetailRecord | Error]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    ref_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[CallDetailRecord | Error]:
    """Get a call detail record by reference

     Fetches the call detail record of the call that was placed with this `ref_id`. How soon after a call
    its record appears, and what a look-up answers before that, is not known; a 404 is likely.

    Args:
        ref_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CallDetailRecord | Error]
    """

    kwargs = _get_kwargs(
        ref_id=ref_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    ref_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> CallDetailRecord | Error | None:
    """Get a call detail record by reference

     Fetches the call detail record of the call that was placed with this `ref_id`. How soon after a call
    its record appears, and what a look-up answers before that, is not known; a 404 is likely.

    Args:
        ref_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CallDetailRecord | Error
    """

    return sync_detailed(
        ref_id=ref_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    ref_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[CallDetailRecord | Error]:
    """Get a call detail record by reference

     Fetches the call detail record of the call that was placed with this `ref_id`. How soon after a call
    its record appears, and what a look-up answers before that, is not known; a 404 is likely.

    Args:
        ref_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CallDetailRecord | Error]
    """

    kwargs = _get_kwargs(
        ref_id=ref_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    ref_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> CallDetailRecord | Error | None:
    """Get a call detail record by reference

     Fetches the call detail record of the call that was placed with this `ref_id`. How soon after a call
    its record appears, and what a look-up answers before that, is not known; a 404 is likely.

    Args:
        ref_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CallDetailRecord | Error
    """

    return (
        await asyncio_detailed(
            ref_id=ref_id,
            client=client,
        )
    ).parsed
