from collections.abc import Iterator

import pytest
from support.network import net, route

from faults import ways
from faults.scenes import surroundings
from faults.users import one_connection, shell, user

__all__ = ["net", "one_connection", "route", "shell", "user"]


@pytest.fixture(scope="package", autouse=True)
def _surroundings() -> Iterator[None]:
    with surroundings():
        yield


@pytest.fixture(scope="module", autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[ways.Way]:
    """The transport of every client; what lives longer than a test asks for this, to be made for each."""
    chosen: ways.Way = getattr(request, "param", "own")
    with ways.over(chosen):
        yield chosen
