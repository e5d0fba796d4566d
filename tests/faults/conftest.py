from collections.abc import Iterator

import pytest

from faults import ways
from faults.scenes import surroundings


@pytest.fixture(scope="package", autouse=True)
def _surroundings() -> Iterator[None]:
    with surroundings():
        yield


@pytest.fixture(scope="module", params=ways.WAYS, autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[ways.Way]:
    """Every test runs over every transport; what lives longer than a test asks for this, to be made for each."""
    with ways.over(request.param):
        yield request.param
