"""The stores of own_store pass what any store must."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from autocall_otp.verify.testing import StoreTests
from own_store.sqlalchemy_table import SqlAlchemyStore

DJANGO = """
import sys
import django
from django.conf import settings
settings.configure(
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1], "OPTIONS": {"timeout": 60}}},
)
django.setup()
from django.db import connection
from autocall_otp.verify.testing import StoreTests
from own_store.django_model import DjangoStore, LoginRecord

class TestDjangoStore(StoreTests):
    def make_store(self):
        return DjangoStore()

with connection.schema_editor() as editor:
    editor.create_model(LoginRecord)
connection.cursor().execute("PRAGMA journal_mode = WAL")
for name in dir(StoreTests):
    if name.startswith("test_"):
        getattr(TestDjangoStore(), name)()
        print(name)

# A receiver of all models, as of an audit log, and a request that changes the value before it is deleted.
from django.db.models.signals import pre_delete
changed = []
def change(**_):
    changed.append(store.swap("key", "old", "claimed", 600.0))
pre_delete.connect(change)
store = DjangoStore()
store.swap("key", None, "old", 600.0)
deleted = store.swap("key", "old", None, 600.0)
assert [deleted, *changed].count(True) == 1
"""


class TestSqlAlchemyStore(StoreTests):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.engine = create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}", connect_args={"timeout": 60})

    def make_store(self) -> SqlAlchemyStore:
        return SqlAlchemyStore(self.engine)

    def close_store(self, _: object) -> None:
        self.engine.dispose()


def test_the_django_store(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DJANGO, str(tmp_path / "db.sqlite3")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2] / "examples",
    )
    tests = [name for name in dir(StoreTests) if name.startswith("test_")]
    assert (done.stdout.split(), done.returncode) == (tests, 0), done.stderr[-2000:]
