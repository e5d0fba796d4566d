"""A call as a test sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.calls import PlacedCall, masked

if TYPE_CHECKING:
    from autocall_otp.sandbox.switchboard import Switchboard


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call that the sandbox took. Its repr shows neither the number nor the code.

    `status`, `answered`, `ended`, `rings` and `record` tell how it stands now, by the sandbox's clock. Two views of
    the same call are equal.
    """

    _board: Switchboard
    id: int
    phone_number: str
    code_otp: str
    template: str
    ref_id: str
    call_id: str

    @property
    def status(self) -> str:
        """`queued`, `ringing`, `answered`, then `ended`; or how a call ended that nobody talked in: `busy`, …."""
        return calls.status(self._placed(), self._board.clock.now())

    @property
    def answered(self) -> bool:
        """Whether someone has answered, now or before; a mailbox counts."""
        placed = self._placed()
        at = placed.plan.answered
        return at is not None and calls.elapsed(placed, self._board.clock.now()) >= at

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        placed = self._placed()
        return calls.elapsed(placed, self._board.clock.now()) >= placed.plan.ended

    @property
    def rings(self) -> int:
        """How many kept calls carry this call's reference: 2 means that the phone was rung twice."""
        return self._board.rings(self.ref_id)

    @property
    def record(self) -> dict[str, Any] | None:
        """The record as the service gives it; None until a look-up finds it."""
        placed = self._placed()
        return calls.record(placed) if calls.has_record(placed, self._board.clock.now()) else None

    def answer(self) -> None:
        """Answer it; see `Sandbox.answer`."""
        self._act("answer")

    def reject(self) -> None:
        """Reject it; see `Sandbox.reject`."""
        self._act("reject")

    def leave_unanswered(self) -> None:
        """Give it up; see `Sandbox.leave_unanswered`."""
        self._act("leave-unanswered")

    def hang_up(self) -> None:
        """Let the callee hang up; see `Sandbox.hang_up`."""
        self._act("hang-up")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self.id == other.id and self._board is other._board

    def __hash__(self) -> int:
        return hash((id(self._board), self.id))

    def __repr__(self) -> str:
        return f"<Call {self.id} to {masked(self.phone_number)}>"

    def _act(self, action: str) -> None:
        try:
            self._board.act(self.id, action)
        except KeyError:
            raise LookupError(self._forgotten()) from None

    def _placed(self) -> PlacedCall:
        placed = self._board.get(self.id)
        if placed is None:
            raise LookupError(self._forgotten())
        return placed

    def _forgotten(self) -> str:
        return f"the sandbox has forgotten call {self.id}: it was cleared, or newer calls took its place"
