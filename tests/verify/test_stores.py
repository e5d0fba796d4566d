"""What any store must do, done by each store of the package."""

from __future__ import annotations

import contextlib
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from support.redis import redis_server

from autocall_otp import ConfigurationError
from autocall_otp.verify import AsyncRedisStore, MemoryStore, RedisStore, SqliteStore
from autocall_otp.verify.testing import StoreTests

LONG = 600.0


class TestMemoryStore(StoreTests):
    def make_store(self) -> MemoryStore:
        return MemoryStore()


class TestSqliteStore(StoreTests):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "store.sqlite3"

    def make_store(self) -> SqliteStore:
        return SqliteStore(self.path)


@pytest.mark.dev
class TestRedisStores(StoreTests):
    @pytest.fixture(autouse=True, params=["bytes", "text", "bytes, asyncio", "text, asyncio"])
    def client(self, redis_url: str, request: pytest.FixtureRequest) -> None:
        import redis.asyncio  # noqa: PLC0415 - an extra

        self.kind: Any = AsyncRedisStore if "asyncio" in request.param else RedisStore
        module: Any = redis.asyncio if "asyncio" in request.param else redis
        self.redis = module.Redis.from_url(redis_url, decode_responses="text" in request.param)

    def make_store(self) -> Any:
        return self.kind(self.redis)

    async def close_store(self, _: Any) -> None:
        closed = self.redis.aclose() if self.kind is AsyncRedisStore else self.redis.close()
        if closed:
            await closed


class Careless(MemoryStore):
    """A store that puts whatever it is given, and keeps it for ever."""

    def swap(self, key: str, _: str | None, new: str | None, ttl: float) -> bool:
        threading.Event().wait(0.001)
        return super().swap(key, self.get(key), new, ttl)

    def _now(self) -> float:
        return 0.0


class CarelessTests(StoreTests):
    def make_store(self) -> MemoryStore:
        return Careless()


@pytest.mark.parametrize("name", [name for name in vars(StoreTests) if name.startswith("test_")])
def test_the_tests_find_a_careless_store(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autocall_otp.verify.testing._LONGEST", 0.5)
    harmless = name in {"test_keys_differ_by_every_character", "test_a_value_comes_back_as_it_was"}
    with contextlib.nullcontext() if harmless else pytest.raises(AssertionError):
        getattr(CarelessTests(), name)()


class Unlocked(MemoryStore):
    """A store that compares, and then sets."""

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        if self.get(key) != old:
            return False
        threading.Event().wait(0.001)
        self._records[key] = new or "", self._now() + ttl
        return True


class Shortening(MemoryStore):
    """A store where a change never lengthens the time."""

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        until = self._records[key][1] if old is not None and key in self._records else self._now() + ttl
        return super().swap(key, old, new, min(ttl, until - self._now()))


@pytest.mark.parametrize(
    ("store", "name"),
    [
        (Unlocked, "test_of_many_that_count_at_once_none_is_lost"),
        (Shortening, "test_a_value_is_gone_when_its_time_is_over"),
    ],
)
def test_the_tests_find_a_store_that_is_almost_right(
    store: type[MemoryStore], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autocall_otp.verify.testing._LONGEST", 1.0)
    monkeypatch.setattr(CarelessTests, "make_store", lambda _: store())
    with pytest.raises(AssertionError):
        getattr(CarelessTests(), name)()


def test_a_store_that_cannot_be_made_or_closed_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ConnectionError("no database")

    threads = threading.active_count()
    for method in ("close_store", "make_store"):
        monkeypatch.setattr(CarelessTests, method, fail)
        with pytest.raises(ConnectionError):
            CarelessTests().test_keys_differ_by_every_character()
        assert threading.active_count() == threads


def test_a_store_in_memory_lets_go_of_what_is_over() -> None:
    store = MemoryStore()
    for number in range(5000):
        store.swap(f"n:{number}", None, "value", 0.0)
    assert len(store._records) < 2000


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = SqliteStore(path)
    store.swap("key", None, "value", LONG)
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert files == dict.fromkeys(["store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm"], 0o600)
    store.close()


def test_a_path_means_the_same_file_in_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("store.sqlite3")
    store.swap("key", None, "value", LONG)
    store.close()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert store.get("key") == "value"
    assert list((tmp_path / "other").iterdir()) == []
    store.close()


@pytest.mark.parametrize("path", [":memory:", "", "no/such/folder/store", ".", None, "a\0b"])
def test_a_path_that_is_no_file_is_refused(path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="^path: "):
        SqliteStore(path)


FORK = """
import os, sys
from autocall_otp.verify import SqliteStore
store = SqliteStore(sys.argv[1])
store.swap("key", None, "0", 600.0)
children = []
for _ in range(4):
    child = os.fork()
    if not child:
        for _ in range(50):
            while not store.swap("key", old := store.get("key"), str(int(old) + 1), 600.0):
                pass
        os._exit(0)
    children.append(child)
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
print(store.get("key"))
"""


def test_a_store_that_was_opened_before_a_fork_counts_right(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", FORK, str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("200\n", "")


# The collector is off: a connection that was only dropped would stay open.
KEPT_OPEN = """
import gc, os, subprocess, sys
gc.disable()
from autocall_otp.verify import SqliteStore
path = sys.argv[1]
store = SqliteStore(path)
SqliteStore(path).swap("key", None, "0", 600.0)
if "used" in sys.argv:
    store.get("key")
said, go_on = os.pipe(), os.pipe()
if not os.fork():
    assert store.swap("key", "0", "1", 600.0)
    os.write(said[1], b"x")
    os.read(go_on[0], 1)
    os._exit(store.get("key") != "2")
os.read(said[0], 1)
store.get("key")
store.close()
gc.collect()
change = f"from autocall_otp.verify import SqliteStore; print(SqliteStore({path!r}).swap('key', '1', '2', 600.0))"
subprocess.run([sys.executable, "-c", change], check=True)
os.write(go_on[1], b"x")
assert os.wait()[1] == 0
"""
AMID_USE = """
import os, sys, threading, time
from autocall_otp.verify import SqliteStore
store = SqliteStore(sys.argv[1])
def work():
    while True:
        time.sleep(0.0002)
        store.swap("key", store.get("key"), "value", 600.0)
threading.Thread(target=work, daemon=True).start()
for number in range(30):
    if not os.fork():
        os._exit(not store.swap(f"{number}", None, "value", 600.0))
    assert os.wait()[1] == 0
print(True, flush=True)
os._exit(0)
"""


@pytest.mark.parametrize(("script", "how"), [(KEPT_OPEN, "made"), (KEPT_OPEN, "used"), (AMID_USE, "")])
def test_a_fork_takes_no_connection_along(tmp_path: Path, script: str, how: str) -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script, str(tmp_path / "store"), how]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.dev
def test_a_redis_that_evicts_is_refused(tmp_path: Path) -> None:
    import redis  # noqa: PLC0415 - an extra

    options = ("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    with redis_server(tmp_path, *options) as url, redis.Redis.from_url(url) as client:
        store = RedisStore(client)
        for act in (lambda: store.get("key"), lambda: store.swap("key", None, "value", LONG)):
            with pytest.raises(ConfigurationError, match="noeviction"):
                act()
        # Whoever may not ask believes it.
        client.acl_setuser("app", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info"])
        with redis.Redis.from_url(url, username="app", password="any") as app:
            assert RedisStore(app).get("key") is None
        client.config_set("maxmemory-policy", "noeviction")
        assert store.get("key") is None


@pytest.mark.dev
def test_a_client_of_redis_of_the_other_kind_is_refused() -> None:
    import redis.asyncio  # noqa: PLC0415 - an extra

    others = [(RedisStore, each) for each in (redis.asyncio.Redis(), redis.Redis, None)]
    for store, client in (*others, (AsyncRedisStore, redis.Redis())):
        with pytest.raises(ConfigurationError, match=r"^client: must be a redis\.(asyncio\.)?Redis$"):
            store(client)  # type: ignore[arg-type] # that is what is tested
    with pytest.raises(ConfigurationError, match="^prefix: "):
        RedisStore(redis.Redis(), None)  # type: ignore[arg-type] # the same


def test_without_redis_py_the_store_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigurationError, match=r"autocall-otp\[redis\]"):
        RedisStore(None)  # type: ignore[arg-type] # nothing is connected
