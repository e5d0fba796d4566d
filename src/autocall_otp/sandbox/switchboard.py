"""What the sandbox knows and does: calls are placed, looked up, answered and rejected here, on one clock."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.bell import Bell
from autocall_otp.sandbox.calls import ANSWERED, NO_ANSWER, PlacedCall, masked, normalized
from autocall_otp.sandbox.chaos import Chaos, Dice, Mishap
from autocall_otp.sandbox.clock import Clock
from autocall_otp.sandbox.journal import Exchange, Journal, ReceivedRequest
from autocall_otp.sandbox.numbers import special
from autocall_otp.sandbox.store import DEFAULT_LIMIT, Store

if TYPE_CHECKING:
    from pathlib import Path

log: logging.Logger = logging.getLogger("autocall_otp.sandbox")

RepeatedRefId: TypeAlias = Literal["dial", "replay", "refuse"]
"""What a call with a `ref_id` that was used before gets: another ring, the answer of before, or a 409."""

ACTIONS: dict[str, Callable[[PlacedCall, datetime], PlacedCall]] = {
    "answer": calls.answered,
    "reject": calls.rejected,
    "leave-unanswered": calls.left_unanswered,
    "hang-up": calls.hung_up,
}


class Switchboard:
    """Safe for threads: a test's thread and the server's event loop use it at once.

    Args:
        speed: Sandbox seconds for each real second; 0 stops the clock.
        auto_answer: Whether an ordinary number is answered automatically; else it rings until someone does, or 25 s.
        limit: How many calls are kept.
        path: A SQLite file to keep the calls in.
        repeated_ref_id: What a call with a reference that was used before gets.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        auto_answer: bool = True,
        limit: int = DEFAULT_LIMIT,
        path: Path | None = None,
        repeated_ref_id: RepeatedRefId = "dial",
    ) -> None:
        self._lock = threading.RLock()
        self._start = (speed, auto_answer, _checked(repeated_ref_id))
        self.clock: Clock = Clock(speed=speed)
        self.auto_answer: bool = auto_answer
        self._repeated_ref_id: RepeatedRefId = repeated_ref_id
        self.bell: Bell = Bell()
        self.stopping: bool = False
        self._journal = Journal()
        self._store = Store(limit, path)
        self._dice = Dice(Chaos())
        # Refused once, by number and reference; bounded, as every memory here.
        self._refused: OrderedDict[tuple[str, str], None] = OrderedDict()
        latest = self._store.latest_time()
        if latest and latest > self.clock.now():
            # A clock that ran ahead before a restart goes on from there, else its calls would begin anew.
            self.clock = Clock(speed=speed, start=latest)

    @property
    def repeated_ref_id(self) -> RepeatedRefId:
        """What a call with a reference that was used before gets."""
        return self._repeated_ref_id

    @repeated_ref_id.setter
    def repeated_ref_id(self, value: RepeatedRefId) -> None:
        self._repeated_ref_id = _checked(value)

    def place(self, request: dict[str, Any]) -> PlacedCall:
        """Place a call; a missing or empty reference is replaced by one of the sandbox's own."""
        meaning = special(request["phone_number"])
        plan = (meaning and meaning.plan) or (ANSWERED if self.auto_answer else NO_ANSWER)
        with self._lock:
            call = PlacedCall(
                id=self._store.next_id(),
                call_id=str(uuid.uuid4()),
                lead_uuid=str(uuid.uuid4()),
                sip_call_id=str(uuid.uuid4()),
                ref_id=request.get("ref_id") or str(uuid.uuid4()),
                placed_at=self.clock.now(),
                plan=plan,
                request=request,
            )
            self._store.add(call)
        log.info("call %d to %s: queued", call.id, masked(call.phone_number))
        self.bell.ring()
        return call

    def by_reference(self, ref_id: str) -> PlacedCall | None:
        """The latest call with this reference."""
        with self._lock:
            return self._store.by_reference(ref_id)

    def take_note(self, seen: Exchange) -> None:
        """Keep a request for those who look, and tell of it where it was not answered as asked."""
        with self._lock:
            request = self._journal.add(self.clock.now(), seen)
        if not seen.ok:
            log.info("%s %s: %s", seen.method, seen.shown, request.outcome)
        self.bell.ring()

    def requests(self, after: int = 0) -> list[ReceivedRequest]:
        """Every request that is kept, oldest first, with an id above `after`."""
        with self._lock:
            return self._journal.all(after)

    def clear_requests(self) -> None:
        """Forget the requests."""
        with self._lock:
            self._journal.clear()
        self.bell.ring()

    def refuse_once(self, phone_number: str, ref_id: str) -> bool:
        """Whether this try is the one that is refused; the next one with the same reference is not."""
        key = (normalized(phone_number), ref_id)
        with self._lock:
            if key in self._refused:
                del self._refused[key]
                return False
            self._refused[key] = None
            if len(self._refused) > DEFAULT_LIMIT:
                self._refused.popitem(last=False)
            return True

    def act(self, call_id: int, action: str) -> PlacedCall:
        """Answer, reject or leave unanswered a call that rings or is about to; or hang one up.

        Raises:
            KeyError: If there is no such call.
            NotRingingError: If it does not ring.
            NotTalkingError: If it is to be hung up, and nobody talks.
        """
        with self._lock:
            call = self._store.get(call_id)
            if call is None:
                raise KeyError(call_id)
            now = self.clock.now()
            call = ACTIONS[action](call, now)
            self._store.replace(call)
            self._store.keep_time(now)
        self.bell.ring()
        return call

    def get(self, call_id: int) -> PlacedCall | None:
        """The call with this id."""
        with self._lock:
            return self._store.get(call_id)

    def all(self, phone_number: str | None = None, after: int = 0) -> list[PlacedCall]:
        """Every call that is kept, oldest first; to a number where one is given, with an id above `after`."""
        wanted = None if phone_number is None else normalized(phone_number)
        with self._lock:
            found = [call for call in self._store.newest(after) if _is_to(call, wanted)]
        return found[::-1]

    def latest(self, phone_number: str | None = None, after: int = 0) -> PlacedCall | None:
        """The latest call, to a number where one is given, with an id above `after`."""
        wanted = None if phone_number is None else normalized(phone_number)
        with self._lock:
            return next((call for call in self._store.newest(after) if _is_to(call, wanted)), None)

    def rings(self, ref_id: str) -> int:
        """How many of the kept calls were placed with this reference."""
        with self._lock:
            return self._store.rings(ref_id)

    def delete(self, call_ids: Iterable[int]) -> int:
        """Forget these calls; how many of them were there."""
        with self._lock:
            found = sum(self._store.delete(call_id) for call_id in call_ids)
        self.bell.ring()
        return found

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._store.clear()
        self.bell.ring()

    def reset(self) -> None:
        """Forget the calls, the requests and the refusals, stop the chaos, and go back to the settings of the start."""
        with self._lock:
            self._store.clear()
            self._journal.clear()
            self._refused.clear()
            self._dice = Dice(Chaos())
            speed, self.auto_answer, self._repeated_ref_id = self._start
            self.clock.set_speed(speed)
        self.bell.ring()

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward; raises ValueError for a step that is no step."""
        with self._lock:
            now = self.clock.advance(seconds)
            self._store.keep_time(now)
        self.bell.ring()
        return now

    def set_speed(self, speed: float) -> None:
        """Run the clock at another speed; raises ValueError."""
        self.clock.set_speed(speed)
        self.bell.ring()

    @property
    def chaos(self) -> Chaos:
        """The chaos in force."""
        return self._dice.chaos

    def set_chaos(self, chaos: Chaos) -> None:
        """Put another chaos in force; its seed begins anew."""
        with self._lock:
            self._dice = Dice(chaos)
        self.bell.ring()

    def roll(self) -> Mishap:
        """What chance does to the next request."""
        with self._lock:
            return self._dice.roll()

    def next_change(self) -> float | None:
        """Real seconds until time alone changes a call; None when nothing is due or the clock stands still."""
        now = self.clock.now()
        due = (calls.next_change(call, now) for call in self.all())
        soonest = min((seconds for seconds in due if seconds is not None), default=None)
        return None if soonest is None else self.clock.real_seconds(soonest)

    def stop(self) -> None:
        """Let every stream, long poll and stalled answer end."""
        self.stopping = True
        self.bell.ring()

    def close(self) -> None:
        """Close the database file; the calls can still be read."""
        with self._lock:
            self._store.keep_time(self.clock.now())
            self._store.close()


def _is_to(call: PlacedCall, wanted: str | None) -> bool:
    return wanted is None or normalized(call.phone_number) == wanted


def _checked(value: RepeatedRefId) -> RepeatedRefId:
    if value not in get_args(RepeatedRefId):
        msg = f"repeated_ref_id must be one of {', '.join(get_args(RepeatedRefId))}: {value!r}"
        raise ValueError(msg)
    return value


def described(board: Switchboard, call: PlacedCall, now: datetime) -> dict[str, Any]:
    """The call as the testing API and the page show it; times in ISO 8601, the code in the clear."""
    plan, state = call.plan, calls.status(call, now)
    passed = calls.elapsed(call, now)

    def at(offset: float | None) -> str | None:
        return None if offset is None or offset > passed else calls.moment(call, offset).isoformat()

    return {
        "id": call.id,
        "call_id": call.call_id,
        "ref_id": call.ref_id,
        "phone_number": call.phone_number,
        "normalized_number": normalized(call.phone_number),
        "code_otp": call.request["code_otp"],
        "template": call.request["template"],
        "campaign_uuid": call.request["campaign_uuid"],
        "status": state,
        "since": calls.since(call, now).isoformat(),
        "placed_at": call.placed_at.isoformat(),
        "ringing_at": at(plan.ringing),
        "answered_at": at(plan.answered),
        "ended_at": at(plan.ended),
        "can_be_answered": calls.can_be_answered(call, now),
        "can_be_hung_up": calls.can_be_hung_up(call, now),
        "rings": board.rings(call.ref_id),
        "record": calls.record(call) if calls.has_record(call, now) else None,
    }
