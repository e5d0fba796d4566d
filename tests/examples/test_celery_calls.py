"""Celery workers, a real Redis and SIGKILL: no phone rings twice, no wait is lost."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
from support.redis import TIED, redis_or_skip

from autocall_otp.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
NUMBER, CODE = "0332665711", "LUAN001"
START = 60.0
"""Seconds for a worker to do its work, on a busy machine too."""
DIALLED_WITHOUT_ANSWER = "0900000032"

pytestmark = [pytest.mark.autocall_sandbox(speed=0), pytest.mark.timeout(300)]


class Tasks(NamedTuple):
    """The module of the recipe, connected to this run's Redis."""

    request_call: Callable[[str, str], str]
    result: Callable[[str], str | None]
    store: Any


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_or_skip(tmp_path_factory.mktemp("redis"), "THE CELERY RECIPE WAS NOT TESTED") as url:
        yield url


@pytest.fixture(scope="module")
def recipe(redis_url: str) -> Iterator[Tasks]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REDIS_URL", redis_url)
        from celery_calls import tasks as module  # noqa: PLC0415 - it reads its settings when it is imported
    yield module
    module.app.pool.force_close_all()
    module.store.close()


@pytest.fixture
def tasks(recipe: Tasks, redis_url: str, settings: dict[str, str]) -> Tasks:
    recipe.store.flushall()
    settings |= {"REDIS_URL": redis_url, "VISIBILITY_TIMEOUT": "60", "CALL_WAIT": "60"}
    return recipe


class Worker:
    """A Celery worker in a process group of its own; its log is what the test waits for."""

    def __init__(self, settings: dict[str, str]) -> None:
        command = [*TIED, sys.executable, "-m", "celery", "-A", "celery_calls.tasks", "worker", "--concurrency", "1"]
        command += ["--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        self._process = subprocess.Popen(
            command,
            env=os.environ | settings | {"PYTHONPATH": str(ROOT / "examples")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.log: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.log.append(line)
            self._lines.put(line)

    def expect(self, *words: str) -> str:
        """The next line of its log that holds all of these words."""
        end = time.monotonic() + START
        try:
            while True:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
                if all(word in line for word in words):
                    return line
        except queue.Empty:
            pytest.fail(f"the worker never logged {words}:\n{''.join(self.log)}")

    def kill_task_process(self) -> None:
        pid = self._process.pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL to the worker and its pool at once, as when the machine is lost."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


@pytest.fixture
def start(
    tasks: Tasks,  # noqa: ARG001 - it completes the settings
    settings: dict[str, str],
) -> Iterator[Callable[[], Worker]]:
    workers: list[Worker] = []

    def start() -> Worker:
        workers.append(Worker(settings))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
    log = "".join(line for worker in workers for line in worker.log)
    assert all(secret not in log for secret in (NUMBER, DIALLED_WITHOUT_ANSWER, CODE, "sandbox-token"))


def pass_visibility_timeout(store: redis.Redis) -> None:
    """Let Redis give the killed worker's messages to the next one: they were taken long ago."""
    taken = store.zrange("unacked_index", 0, -1)
    assert taken, "the worker holds no message: there is nothing to redeliver"
    store.zadd("unacked_index", dict.fromkeys(taken, 1.0))


def finished(tasks: Tasks, worker: Worker, ref_id: str) -> str | None:
    worker.expect("celery_calls.tasks.wait", "succeeded")
    return tasks.result(ref_id)


def test_a_call_is_placed_and_its_record_awaited(
    tasks: Tasks, start: Callable[[], Worker], autocall_sandbox: Sandbox
) -> None:
    ref_id = tasks.request_call(NUMBER, CODE)
    (message,) = tasks.store.lrange("celery", 0, -1)
    assert ref_id in json.dumps(json.loads(message))
    assert NUMBER not in message
    assert CODE not in message

    worker = start()
    call = autocall_sandbox.wait_for_call(NUMBER, timeout=START)
    assert (call.ref_id, call.code_otp) == (ref_id, CODE)
    assert tasks.result(ref_id) is None
    autocall_sandbox.advance(30)
    assert finished(tasks, worker, ref_id) == "answered"
    assert tasks.store.keys("request:*") == []


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "slow"])
def test_a_task_that_comes_again_while_the_phone_rings_does_not_dial(
    tasks: Tasks, start: Callable[[], Worker], autocall_sandbox: Sandbox, *, killed: bool
) -> None:
    ref_id = tasks.request_call(DIALLED_WITHOUT_ANSWER, CODE)
    first = start()
    task_id = first.expect("tasks.place[", "received").split("place[")[1].split("]")[0]
    call = autocall_sandbox.wait_for_call(DIALLED_WITHOUT_ANSWER, timeout=START)
    # The phone rings, and nobody has read the answer.
    if killed:
        first.kill()
    # A worker that is only slow loses its task too, when the visibility time-out is shorter than the task.
    pass_visibility_timeout(tasks.store)

    second = start()
    second.expect(f"tasks.place[{task_id}]", "received")
    second.expect(f"tasks.place[{task_id}]", "succeeded")
    assert len(autocall_sandbox.calls) == call.rings == 1
    autocall_sandbox.advance(30)
    assert finished(tasks, second, ref_id) == "answered"


def test_a_task_process_killed_while_it_dials_does_not_ring_twice(
    tasks: Tasks, start: Callable[[], Worker], autocall_sandbox: Sandbox
) -> None:
    # It is the worker, not Redis, that hands the task out again.
    ref_id = tasks.request_call(DIALLED_WITHOUT_ANSWER, CODE)
    worker = start()
    task_id = worker.expect("tasks.place[", "received").split("place[")[1].split("]")[0]
    call = autocall_sandbox.wait_for_call(DIALLED_WITHOUT_ANSWER, timeout=START)
    worker.kill_task_process()

    worker.expect(f"tasks.place[{task_id}]", "succeeded")
    assert len(autocall_sandbox.calls) == call.rings == 1
    autocall_sandbox.advance(30)
    assert finished(tasks, worker, ref_id) == "answered"


def test_a_worker_killed_while_it_waits_loses_no_wait(
    tasks: Tasks, start: Callable[[], Worker], autocall_sandbox: Sandbox
) -> None:
    ref_id = tasks.request_call(NUMBER, CODE)
    first = start()
    call = autocall_sandbox.wait_for_call(NUMBER, timeout=START)
    task_id = first.expect("tasks.wait[", "received").split("wait[")[1].split("]")[0]
    first.kill()
    pass_visibility_timeout(tasks.store)
    autocall_sandbox.advance(30)

    second = start()
    second.expect(f"tasks.wait[{task_id}]", "succeeded")
    assert tasks.result(ref_id) == "answered"
    assert len(autocall_sandbox.calls) == call.rings == 1


def test_a_worker_killed_before_the_service_heard_of_the_call_leaves_it_unknown(
    tasks: Tasks, start: Callable[[], Worker], settings: dict[str, str], autocall_sandbox: Sandbox
) -> None:
    real = settings["AUTOCALL_API_HOST"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(START)
        settings |= {"AUTOCALL_API_HOST": f"http://127.0.0.1:{silent.getsockname()[1]}", "CALL_WAIT": "1"}
        ref_id = tasks.request_call(NUMBER, CODE)
        first = start()
        with silent.accept()[0]:
            first.kill()
    pass_visibility_timeout(tasks.store)

    settings["AUTOCALL_API_HOST"] = real
    assert finished(tasks, start(), ref_id) == "unknown"
    assert autocall_sandbox.calls == []


def test_a_refused_call_is_known_not_to_ring(
    tasks: Tasks, start: Callable[[], Worker], autocall_sandbox: Sandbox
) -> None:
    ref_id = tasks.request_call("0900000403", CODE)
    start().expect("tasks.place[", "succeeded")
    assert tasks.result(ref_id) == "not placed"
    assert autocall_sandbox.calls == []


def test_a_call_that_surely_did_not_ring_is_tried_again(
    tasks: Tasks, start: Callable[[], Worker], settings: dict[str, str]
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # nobody listens there, nor can another program
        port = silent.getsockname()[1]
        settings |= {"AUTOCALL_API_HOST": f"http://127.0.0.1:{port}"}
        ref_id = tasks.request_call(NUMBER, CODE)
        worker = start()
        worker.expect("tasks.place[", "retry")
    with Sandbox(port=port, speed=0) as service:
        assert service.wait_for_call(NUMBER, timeout=START).rings == 1
        service.advance(30)
        assert finished(tasks, worker, ref_id) == "answered"


def test_a_long_wait_goes_on_in_the_next_task(
    tasks: Tasks, start: Callable[[], Worker], settings: dict[str, str], autocall_sandbox: Sandbox
) -> None:
    settings["CALL_SLICE"] = "1"
    ref_id = tasks.request_call(NUMBER, CODE)
    worker = start()
    worker.expect("tasks.wait[", "retry")
    assert tasks.result(ref_id) is None
    autocall_sandbox.advance(30)
    assert finished(tasks, worker, ref_id) == "answered"
    assert len(autocall_sandbox.calls) == 1
