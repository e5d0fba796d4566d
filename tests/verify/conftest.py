"""A Redis for the tests of the stores."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from verify.stores import redis_server


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with redis_server(tmp_path_factory.mktemp("redis")) as url:
            yield url
    except FileNotFoundError as missing:
        message = f"THE STORES IN REDIS WERE NOT TESTED: {missing}"
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(message, stacklevel=1)
        pytest.skip(message)
