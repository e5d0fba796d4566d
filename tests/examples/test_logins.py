"""The login recipes, each under every attack."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from logins.attacks import ATTACKS
from logins.sites import Site, running
from support.redis import redis_server

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = pytest.mark.timeout(300)
# What depends on the store; the rest of the recipe is the same.
ON_REDIS = (
    *("an_honest_login", "parallel_guesses", "one_code_at_many_places", "double_click"),
    *("pumping", "lock_out", "expired_code"),
)


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    recipe, _, store = request.param.partition(" on ")
    folder = tmp_path_factory.mktemp(recipe)
    with contextlib.ExitStack() as stack:
        environment = {"REDIS_URL": stack.enter_context(redis_server(folder))} if store else {}
        yield stack.enter_context(running(recipe, folder, code=EXAMPLES, **environment))


# With recipes and attacks in one table pytest would start a site for each attack.
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("site", ["django_login", "fastapi_login", "flask_login"], indirect=True)
def test_an_attack_fails(site: Site, attack: str) -> None:
    ATTACKS[attack](site)


@pytest.mark.parametrize("attack", ON_REDIS)
@pytest.mark.parametrize("site", ["fastapi_login on redis"], indirect=True)
def test_an_attack_fails_where_the_store_is_redis(site: Site, attack: str) -> None:
    ATTACKS[attack](site)
