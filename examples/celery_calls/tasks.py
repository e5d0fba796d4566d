"""One task places the call, others wait for its record. A worker may be killed anywhere; no phone rings twice.

Number and code wait in Redis under the call's reference. The task that dials takes them out first, in one atomic step
(GETDEL), and puts them back only when the phone is known to have stayed silent. A task that comes a second time, after
its worker was killed, finds nothing to dial and goes on to the wait.
"""

from __future__ import annotations

import functools
import json
import os
import time
import uuid

import redis
from celery import Celery, Task

from autocall_otp import AutocallError, Client, Outcome

REDIS_URL = os.environ["REDIS_URL"]
CODE_LIFE = 300  # seconds that a code may wait for a worker
WAIT = float(os.environ.get("CALL_WAIT", "150"))  # seconds that a call may take until its record is there
SLICE = float(os.environ.get("CALL_SLICE", "20"))  # seconds that one task of the wait takes at the most
KEEP = 24 * 3600  # seconds that a result can be asked for

app = Celery("celery_calls", broker=REDIS_URL)
app.conf.update(
    # A message is done when its task is done, not when it begins.
    task_acks_late=True,
    # The same when only the process of the task was killed, and the worker itself lives on.
    task_reject_on_worker_lost=True,
    # A worker keeps no messages waiting behind those that it works on.
    worker_prefetch_multiplier=1,
    broker_transport_options={
        # After so many seconds the messages of a killed worker go to another one (Celery's default: an hour). Longer
        # than any task here, which is the client's deadline of 30 s, or a slice and the pause after it: with a shorter
        # time tasks run twice. Short, since the user waits.
        "visibility_timeout": int(os.environ.get("VISIBILITY_TIMEOUT", "60")),
        # Workers look for such messages every 5 s; with the defaults it is every 100 s.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    },
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
)
store: redis.Redis = redis.Redis.from_url(REDIS_URL, decode_responses=True)


@functools.cache
def client() -> Client:
    """One client for each process of the pool, made at its first call; settings come from AUTOCALL_*."""
    return Client()


def request_call(phone_number: str, code: str) -> str:
    """Have the code called out; returns the reference to ask `result` for. No message carries number or code."""
    ref_id = str(uuid.uuid4())
    _offer(ref_id, [phone_number, code])
    place.delay(ref_id)
    return ref_id


def result(ref_id: str) -> str | None:
    """How the call went: a status such as `answered`, `not placed`, or `unknown`; None while nobody knows yet."""
    verdict = store.get(f"result:{ref_id}")
    return None if verdict is None else str(verdict)


@app.task(bind=True, max_retries=3)
def place(self: Task, ref_id: str) -> None:
    """Dial, unless somebody has tried before."""
    request = store.getdel(f"request:{ref_id}")
    # Without a request an earlier run of this task was killed with it in hand: the phone may be ringing.
    if request is not None:
        number, code = json.loads(request)
        try:
            client().run_otp(number, code, ref_id=ref_id)
        except AutocallError as error:
            if error.outcome is Outcome.NOT_PLACED:
                if error.retryable and self.request.retries < self.max_retries:
                    _offer(ref_id, [number, code])
                    raise self.retry(countdown=5) from None
                _finish(ref_id, "not placed")
                return
    wait.delay(ref_id, time.time() + WAIT)


@app.task(bind=True, max_retries=None)
def wait(self: Task, ref_id: str, until: float) -> None:
    """Look for the record for a while; then leave the rest of the wait to the next task."""
    left = until - time.time()
    try:
        # However late a task comes, it looks once.
        record = client().wait_for_cdr(ref_id, timeout=max(1.0, min(SLICE, left)))
    except AutocallError as error:
        if error.retryable and left > SLICE:
            raise self.retry(countdown=1) from None
        _finish(ref_id, "unknown")
    else:
        # A record is the last word, whatever was believed before.
        store.set(f"result:{ref_id}", str(record.status or "ended"), ex=KEEP)


def _offer(ref_id: str, request: list[str]) -> None:
    store.set(f"request:{ref_id}", json.dumps(request), ex=CODE_LIFE)


def _finish(ref_id: str, verdict: str) -> None:
    store.set(f"result:{ref_id}", verdict, ex=KEEP, nx=True)
