"""One call through one fault: what the caller is told, and what the server saw."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import attrs

from autocall_otp import AutocallError, Cdr, OtpCall
from faults import ways
from faults.clients import SECRETS, Secrets
from faults.kinds import OPERATIONS, Expected, Fault, Operation
from faults.server import Seen
from faults.users import User
from faults.ways import Shell

REF_ID = "đơn 42/7"


@attrs.frozen
class Row:
    """What came of one call."""

    fault: str
    way: ways.Way
    shell: Shell
    operation: Operation
    told: Expected
    rings: int
    elapsed: float
    deadline: float
    followed: list[Seen]
    """What reached the host that a redirect pointed to."""
    sent: int
    """How many bytes the server could send."""
    result: OtpCall | Cdr | None
    error: BaseException | None


def observe(fault: Fault, shell: Shell, operation: Operation, secrets: Secrets = SECRETS) -> Row:
    """Make one call."""
    settings = {"token": secrets.token, "timeout": fault.timeout, "deadline": fault.deadline}
    with fault.stage(fault.script) as scene, User(shell, scene.host, **settings) as one:
        for _ in range(scene.warm):
            one.look_up("warm").result()
            scene.rest()
        held = [one.look_up("held") for _ in range(scene.crowd)]
        scene.wait_for_crowd()
        start = time.perf_counter()
        asked = one.start(REF_ID, secrets) if operation == "run_otp" else one.look_up(REF_ID)
        error = asked.exception()
        elapsed = time.perf_counter() - start
        scene.release()
        for each in held:
            each.result()
        counted = scene.ledger.connections if fault.unread else len(scene.ledger.seen)
        return Row(
            fault=fault.name,
            way=ways.chosen(),
            shell=shell,
            operation=operation,
            told=_told(error or asked.result(), counted - scene.warm - scene.crowd),
            rings=scene.ledger.rings[REF_ID],
            elapsed=elapsed,
            deadline=fault.deadline,
            followed=list(scene.elsewhere.seen),
            sent=scene.ledger.sent,
            result=None if error else asked.result(),
            error=error,
        )


def observe_all(fault: Fault, *, secrets: Secrets = SECRETS, each_with_each: bool = True) -> list[Row]:
    """Make it with each client that the transport serves, and each operation, at the same time.

    Where not each client makes each operation, which makes which changes from fault to fault.
    """
    shells = ways.shells()
    cases = list(product(shells, OPERATIONS))
    if not each_with_each and len(shells) > 1:
        cases = list(zip(shells, OPERATIONS[:: 1 if len(fault.name) % 2 else -1], strict=True))
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda case: observe(fault, case[0], case[1], secrets), cases))


def _told(result: OtpCall | Cdr | BaseException, requests: int) -> Expected:
    if isinstance(result, AutocallError):
        return Expected(type(result), result.outcome, result.retryable, requests)
    if isinstance(result, BaseException):
        # Not one of ours: no expectation equals it.
        return Expected(type(result), None, retryable=False, requests=requests)  # type: ignore[arg-type] # see above
    outcome = result.outcome if isinstance(result, OtpCall) else None
    return Expected(None, outcome, retryable=False, requests=requests)
