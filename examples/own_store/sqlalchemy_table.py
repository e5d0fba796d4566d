"""An SQLAlchemy table as a store. In MySQL give both texts a binary collation, so that A is not a."""

from __future__ import annotations

import time

from sqlalchemy import Column, Engine, Float, MetaData, String, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

records = Table(
    "login_records",
    MetaData(),
    Column("key", String(80), primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires", Float, nullable=False, index=True),
)


class SqlAlchemyStore:
    """Each change is one statement in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        """Make the table where it is missing."""
        self._engine = engine
        records.metadata.create_all(engine)

    def get(self, key: str) -> str | None:
        """The value; None where there is none, or its time is over."""
        living = select(records.c.value).where(records.c.key == key, records.c.expires > time.time())
        with self._engine.connect() as connection:
            return connection.execute(living).scalar()

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """Put `new` in the place of `old`, for `ttl` seconds; say whether it was done."""
        now = time.time()
        same = (records.c.key == key, records.c.value == old, records.c.expires > now)
        try:
            with self._engine.begin() as connection:
                if old is None:
                    connection.execute(delete(records).where(records.c.expires <= now))
                    connection.execute(insert(records).values(key=key, value=new, expires=now + ttl))
                    return True
                if new is None:
                    return connection.execute(delete(records).where(*same)).rowcount == 1
                changed = update(records).where(*same).values(value=new, expires=now + ttl)
                return connection.execute(changed).rowcount == 1
        except IntegrityError:
            return False
