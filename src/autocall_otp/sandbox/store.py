"""The calls that are kept: a bounded number in memory and, where a file is given, in SQLite across restarts."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import os
import sqlite3
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from autocall_otp.sandbox.calls import PlacedCall, Plan, moment, record

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICATION_ID = 0x0A07
DEFAULT_LIMIT = 1000


class Store:
    """Calls by id, oldest first. Not safe for threads by itself: the switchboard's lock guards it.

    Args:
        limit: How many calls are kept; beyond it the one that ended first goes, or else the oldest.
        path: A SQLite file to keep the calls in; made when it does not exist.

    Raises:
        ValueError: If limit is below 1, or the file is not a sandbox's, cannot be read or is in use by another one.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT, path: Path | None = None) -> None:
        if limit < 1:
            msg = f"the number of calls to keep must be at least 1: {limit}"
            raise ValueError(msg)
        self._limit = limit
        self._calls: dict[int, PlacedCall] = {}
        self._by_ref: dict[str, list[int]] = {}
        self._ends: list[tuple[datetime, int]] = []
        self._file: _File | None = None
        self._last_id = 0
        self._seen_at: datetime | None = None
        if path:
            self._open(path)

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[PlacedCall]:
        return iter(list(self._calls.values()))

    def newest(self, after: int = 0) -> Iterator[PlacedCall]:
        """The calls with an id above `after`, newest first."""
        return itertools.takewhile(lambda call: call.id > after, reversed(self._calls.values()))

    def next_id(self) -> int:
        """A new id, larger than all before it, also across restarts and clearings."""
        self._last_id += 1
        return self._last_id

    def add(self, call: PlacedCall) -> None:
        """Keep a new call, at the cost of an old one when there are too many."""
        if len(self._calls) >= self._limit:
            self._evict(call.placed_at)
        if self._file:
            self._file.put(call)
        self._remember(call)

    def replace(self, call: PlacedCall) -> None:
        """Keep this in place of the call with the same id."""
        if self._file:
            self._file.put(call)
        self._calls[call.id] = call
        heapq.heappush(self._ends, (moment(call, call.plan.ended), call.id))

    def get(self, call_id: int) -> PlacedCall | None:
        """The call with this id."""
        return self._calls.get(call_id)

    def by_reference(self, ref_id: str) -> PlacedCall | None:
        """The latest call with this reference."""
        ids = self._by_ref.get(ref_id)
        return self._calls[ids[-1]] if ids else None

    def rings(self, ref_id: str) -> int:
        """How many of the kept calls were placed with this reference."""
        return len(self._by_ref.get(ref_id, ()))

    def latest_time(self) -> datetime | None:
        """How far the kept calls had come when the file was last used; None without a call."""
        placed = max((call.placed_at for call in self._calls.values()), default=None)
        return placed and max(placed, self._seen_at or placed)

    def keep_time(self, now: datetime) -> None:
        """Write down how late it is, so that no call is younger after a restart."""
        if self._file:
            self._file.keep_time(now)

    def delete(self, call_id: int) -> bool:
        """Forget one call; whether it was there."""
        call = self._calls.get(call_id)
        if call:
            self._forget(call)
        return call is not None

    def clear(self) -> None:
        """Forget all calls."""
        if self._file:
            self._file.clear()
        self._calls.clear()
        self._by_ref.clear()
        self._ends.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _open(self, path: Path) -> None:
        self._file = _File(path)
        try:
            self._file.prepare()
            self._last_id, self._seen_at, kept = self._file.load()
            for call in kept:
                self._remember(call)
            while len(self._calls) > self._limit:
                self._evict(None)
        except (sqlite3.Error, OSError, ValueError) as error:
            # An open file would stay locked for the next try.
            self._file.close()
            msg = f"cannot use {path} as the sandbox's database: {error}"
            raise ValueError(msg) from error

    def _remember(self, call: PlacedCall) -> None:
        self._calls[call.id] = call
        self._by_ref.setdefault(call.ref_id, []).append(call.id)
        heapq.heappush(self._ends, (moment(call, call.plan.ended), call.id))

    def _evict(self, now: datetime | None) -> None:
        """Drop the call that ended first by now; the oldest where none has ended."""
        while self._ends and (now is None or self._ends[0][0] <= now):
            end, call_id = heapq.heappop(self._ends)
            call = self._calls.get(call_id)
            # An entry is stale when its call is gone or was given another end by hand.
            if call and moment(call, call.plan.ended) == end:
                self._forget(call)
                return
        self._forget(next(iter(self._calls.values())))

    def _forget(self, call: PlacedCall) -> None:
        del self._calls[call.id]
        ids = self._by_ref[call.ref_id]
        ids.remove(call.id)
        if not ids:
            del self._by_ref[call.ref_id]
        if len(self._ends) > 2 * self._limit:
            self._ends = [(moment(kept, kept.plan.ended), kept.id) for kept in self._calls.values()]
            heapq.heapify(self._ends)
        if self._file:
            self._file.delete(call.id)


class _File:
    """One SQLite file, held by one sandbox at a time."""

    def __init__(self, path: Path) -> None:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            msg = f"cannot use {path} as the sandbox's database: {error.strerror}"
            raise ValueError(msg) from error
        self._path = path.resolve()
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)

    def prepare(self) -> None:
        """Make it a sandbox's database, if it is not one yet; raises ValueError for another program's."""
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        (mark,) = run("PRAGMA application_id").fetchone()
        (tables,) = run("SELECT count(*) FROM sqlite_master").fetchone()
        if mark != APPLICATION_ID and tables:
            msg = "it is a database of another program"
            raise ValueError(msg)
        # It holds codes and numbers: nobody else on the machine may read it, even if it was there before.
        for end in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._path}{end}").chmod(0o600)
        run(f"PRAGMA application_id = {APPLICATION_ID}")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run("CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY AUTOINCREMENT, call TEXT NOT NULL)")
        run("CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY, now TEXT NOT NULL)")

    def load(self) -> tuple[int, datetime | None, list[PlacedCall]]:
        """The last id ever given, the latest time that was kept and the calls, oldest first."""
        # As bytes: of a text that is no UTF-8, sqlite3's own error would show all.
        rows = self._database.execute("SELECT CAST(call AS BLOB) FROM calls ORDER BY id").fetchall()
        last = self._database.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()[0]
        times = [datetime.fromisoformat(text) for (text,) in self._database.execute("SELECT now FROM clock")]
        return last or 0, max(times, default=None), [_call(text) for (text,) in rows]

    def put(self, call: PlacedCall) -> None:
        data = asdict(call) | {"placed_at": call.placed_at.isoformat()}
        self._database.execute("REPLACE INTO calls (id, call) VALUES (?, ?)", (call.id, json.dumps(data)))

    def keep_time(self, now: datetime) -> None:
        self._database.execute("REPLACE INTO clock (id, now) VALUES (1, ?)", (now.isoformat(),))

    def delete(self, call_id: int) -> None:
        self._database.execute("DELETE FROM calls WHERE id = ?", (call_id,))

    def clear(self) -> None:
        self._database.execute("DELETE FROM calls")

    def close(self) -> None:
        self._database.close()


def _call(text: bytes) -> PlacedCall:
    """The call in a row; raises ValueError, which does not show what is in it."""
    try:
        data = json.loads(text)
        placed_at, plan = datetime.fromisoformat(data["placed_at"]), Plan(**data["plan"])
        call = PlacedCall(**data | {"placed_at": placed_at, "plan": plan})
        record(call)  # it reads nearly all of the call
    except (ValueError, KeyError, TypeError):
        msg = "a call in it cannot be read"
        raise ValueError(msg) from None
    return call
