"""The store for the processes of one machine."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from pathlib import Path

from autocall_otp.verify._results import misconfigured

_BUSY, _TRIES = 10.0, 500
_TABLE = """CREATE TABLE IF NOT EXISTS autocall_verify
    (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID"""
_INDEX = "CREATE INDEX IF NOT EXISTS autocall_verify_expires ON autocall_verify (expires)"
_GET = "SELECT value FROM autocall_verify WHERE key = :key AND expires > :now"
_INSERT = """INSERT INTO autocall_verify VALUES (:key, :new, :expires) ON CONFLICT (key) DO UPDATE
    SET value = excluded.value, expires = excluded.expires WHERE autocall_verify.expires <= :now"""
_UPDATE = """UPDATE autocall_verify SET value = :new, expires = :expires
    WHERE key = :key AND value = :old AND expires > :now"""
_DELETE = "DELETE FROM autocall_verify WHERE key = :key AND value = :old AND expires > :now"
_SWEEP = "DELETE FROM autocall_verify WHERE key IN (SELECT key FROM autocall_verify WHERE expires <= :now LIMIT 100)"

# SQLite keeps the locks of a file for the whole process, and a fork copies what it believes to hold: the child would
# take none of its own. So while a process forks nothing is open, and nobody is at work.
_lock = threading.RLock()
_stores: weakref.WeakSet[SqliteStore] = weakref.WeakSet()


class SqliteStore:
    """For the threads and processes of one machine, in a file of their own that only they can read.

    Args:
        path: the file, on a local disk; made where it is missing.

    Raises:
        ConfigurationError: the file cannot be opened or made.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._open: sqlite3.Connection | None = None
        try:
            # At once: a process may change its folder later.
            self._path = Path(path).absolute()
            if str(path) == ":memory:" or self._path.is_dir():
                raise IsADirectoryError(path)
            self._path.touch(mode=0o600, exist_ok=True)
            with _lock:
                _stores.add(self)
                self._connection()
                # A fork that Python does not see passes no connection on.
                self.close()
        except (OSError, TypeError, ValueError, sqlite3.Error) as error:
            raise misconfigured("path: must be a file on a local disk that this process may write") from error

    def get(self, key: str) -> str | None:
        """`Store.get`."""
        with _lock:
            row = self._connection().execute(_GET, {"key": key, "now": self._now()}).fetchone()
        return None if row is None else str(row[0])

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """`Store.swap`."""
        if old is None and new is None:
            return self.get(key) is None
        statement = _INSERT if old is None else _DELETE if new is None else _UPDATE
        with _lock:
            now, connection = self._now(), self._connection()
            values = {"key": key, "old": old, "new": new, "now": now, "expires": now + ttl}
            if old is None:
                connection.execute(_SWEEP, {"now": now})
            return connection.execute(statement, values).rowcount == 1

    def close(self) -> None:
        """Close the connection of this process; the next operation opens another."""
        with _lock:
            if self._open:
                self._open.close()
                self._open = None

    def __del__(self) -> None:
        # A connection is part of a cycle: it would stay open, and go with a fork, until the collector comes.
        self.close()

    def _connection(self) -> sqlite3.Connection:
        self._open = self._open or _connect(self._path)
        return self._open

    def _now(self) -> float:
        return time.time()


def _connect(path: Path) -> sqlite3.Connection:
    # No transactions around the statements: each is one.
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    for _ in range(_TRIES):
        # The switch does not wait for its turn, as statements do.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
            break
        time.sleep(_BUSY / _TRIES)
    connection.execute(_TABLE)
    connection.execute(_INDEX)
    return connection


def _before_fork() -> None:
    _lock.acquire()
    for store in list(_stores):
        store.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_lock.release, after_in_child=_lock.release)
