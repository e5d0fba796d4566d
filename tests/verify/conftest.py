"""A Redis for the tests of the stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.redis import redis_or_skip


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_or_skip(tmp_path_factory.mktemp("redis"), "THE STORES IN REDIS WERE NOT TESTED") as url:
        yield url
