from collections.abc import Iterator

import pytest

from faults.scenes import surroundings


@pytest.fixture(scope="package", autouse=True)
def _surroundings() -> Iterator[None]:
    with surroundings():
        yield
