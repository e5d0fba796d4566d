"""Celery workers, a real Redis and SIGKILL: no phone rings twice, no wait is lost."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import redis
from support.eventually import eventually
from support.redis import TIED, redis_or_skip

from autocall_otp import Client, Retry
from autocall_otp.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
NUMBER, CODE, TOKEN = "0332665711", "LUAN001", "canary-token-c0ffee"
START = 60.0  # seconds for a worker to do its work, on a busy machine too
DIALLED_WITHOUT_ANSWER = "0900000032"

pytestmark = [pytest.mark.autocall_sandbox(speed=0, token=TOKEN), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with (
        redis_or_skip(tmp_path_factory.mktemp("redis"), "THE CELERY RECIPE WAS NOT TESTED") as url,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("REDIS_URL", url)
        from celery_calls import tasks as module  # noqa: PLC0415 - it reads its settings when it is imported

        yield module
        module.app.pool.force_close_all()
        module.store.close()


@pytest.fixture
def tasks(recipe: ModuleType, autocall_sandbox: Sandbox) -> Iterator[ModuleType]:
    assert autocall_sandbox.calls == []
    recipe.store.flushall()
    client = recipe.client
    yield recipe
    if client.cache_info().currsize:
        client().close()
        client.cache_clear()


class Worker:
    """A Celery worker in a process group of its own; its log is what the test waits for."""

    def __init__(self, log: Path) -> None:
        command = [*TIED, sys.executable, "-m", "celery", "-A", "celery_calls.tasks", "worker", "--concurrency", "1"]
        command += ["--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        env = os.environ | {"PYTHONPATH": f"{ROOT / 'examples'}:{os.environ.get('PYTHONPATH', '')}"}
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)

    def expect(self, task: str, event: str, task_id: str = r"[\w-]+") -> str:
        """Wait until its log says that this happened to the task; gives the task's id."""
        pattern = re.compile(rf"tasks\.{task}\[({task_id})\] {event}")
        eventually(lambda: pattern.search(self.log.read_text()))
        return pattern.findall(self.log.read_text())[0]

    def kill_task_process(self) -> None:
        pid = self._process.pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL to the worker and its pool at once, as when the machine is lost."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    workers: list[Worker] = []

    def start() -> Worker:
        workers.append(Worker(tmp_path / f"worker{len(workers)}.log"))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        print(log := worker.log.read_text())  # noqa: T201 - pytest shows it when a test fails
        assert all(secret not in log for secret in (NUMBER, DIALLED_WITHOUT_ANSWER, CODE, TOKEN))


def pass_visibility_timeout(store: redis.Redis) -> None:
    """Let Redis give the killed worker's messages to the next one: they were taken long ago."""
    taken = store.zrange("unacked_index", 0, -1)
    assert taken, "the worker holds no message: there is nothing to redeliver"
    store.zadd("unacked_index", dict.fromkeys(taken, 1.0))


def finished(tasks: ModuleType, worker: Worker, ref_id: str) -> str | None:
    worker.expect("wait", "succeeded")
    result: str | None = tasks.result(ref_id)
    return result


def test_a_call_is_placed_and_its_record_awaited(
    tasks: ModuleType, start: Callable[[], Worker], autocall_sandbox: Sandbox
) -> None:
    ref_id = tasks.request_call(NUMBER, CODE)
    (message,) = tasks.store.lrange("celery", 0, -1)
    assert [text in message for text in (ref_id, NUMBER, CODE)] == [True, False, False]

    worker = start()
    call = autocall_sandbox.wait_for_call(NUMBER, timeout=START)
    assert (call.ref_id, call.code_otp, tasks.result(ref_id)) == (ref_id, CODE, None)
    autocall_sandbox.advance(30)
    assert finished(tasks, worker, ref_id) == "answered"
    assert tasks.store.keys("request:*") == []


@pytest.mark.parametrize("lost", ["the worker", "the process of the task", "nothing"])
def test_a_task_that_comes_again_while_the_phone_rings_does_not_dial(
    tasks: ModuleType, start: Callable[[], Worker], autocall_sandbox: Sandbox, lost: str
) -> None:
    ref_id = tasks.request_call(DIALLED_WITHOUT_ANSWER, CODE)
    first = second = start()
    task_id = first.expect("place", "received")
    call = autocall_sandbox.wait_for_call(DIALLED_WITHOUT_ANSWER, timeout=START)
    # The phone rings, and nobody has read the answer.
    if lost == "the process of the task":
        first.kill_task_process()  # it is the worker, not Redis, that hands the task out again
    else:
        if lost == "the worker":
            first.kill()
        # A worker that is only slow loses its task too, when the visibility time-out is shorter than the task.
        pass_visibility_timeout(tasks.store)
        second = start()
    second.expect("place", "succeeded", task_id)
    assert len(autocall_sandbox.calls) == call.rings == 1
    autocall_sandbox.advance(30)
    assert finished(tasks, second, ref_id) == "answered"


def test_a_worker_killed_while_it_waits_loses_no_wait(
    tasks: ModuleType, start: Callable[[], Worker], autocall_sandbox: Sandbox
) -> None:
    ref_id = tasks.request_call(NUMBER, CODE)
    first = start()
    call = autocall_sandbox.wait_for_call(NUMBER, timeout=START)
    task_id = first.expect("wait", "received")
    first.kill()
    pass_visibility_timeout(tasks.store)
    autocall_sandbox.advance(30)

    start().expect("wait", "succeeded", task_id)
    assert tasks.result(ref_id) == "answered"
    assert len(autocall_sandbox.calls) == call.rings == 1


def test_a_worker_killed_before_the_service_heard_of_the_call_leaves_it_unknown(
    tasks: ModuleType, start: Callable[[], Worker], autocall_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALL_WAIT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(START)
        monkeypatch.setenv("AUTOCALL_API_HOST", f"http://127.0.0.1:{silent.getsockname()[1]}")
        ref_id = tasks.request_call(NUMBER, CODE)
        first = start()
        with silent.accept()[0]:
            first.kill()
    pass_visibility_timeout(tasks.store)

    monkeypatch.setenv("AUTOCALL_API_HOST", autocall_sandbox.url)
    assert finished(tasks, start(), ref_id) == "unknown"
    assert autocall_sandbox.calls == []


def test_a_refused_call_is_known_not_to_ring(tasks: ModuleType, autocall_sandbox: Sandbox) -> None:
    ref_id = tasks.request_call("0900000403", CODE)
    tasks.place.apply([ref_id]).get()
    assert (tasks.result(ref_id), autocall_sandbox.calls) == ("not placed", [])


def test_a_call_that_surely_did_not_ring_is_tried_again(
    tasks: ModuleType, autocall_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client("http://127.0.0.1:1", retry=Retry.none()) as out_of_reach, Client() as client:
        monkeypatch.setattr(tasks, "client", iter([out_of_reach, client]).__next__)
        tasks.place.apply([tasks.request_call(NUMBER, CODE)]).get()
    assert [call.rings for call in autocall_sandbox.calls] == [1]


def test_a_long_wait_goes_on_in_the_next_task(
    tasks: ModuleType, autocall_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_again = tasks.wait.retry

    def next_task(**options: int) -> Exception:
        autocall_sandbox.advance(30)
        error: Exception = wait_again(**options)
        return error

    monkeypatch.setattr(tasks, "SLICE", 1)
    monkeypatch.setattr(tasks.wait, "retry", next_task)
    ref_id = tasks.request_call(NUMBER, CODE)
    tasks.place.apply([ref_id]).get()
    tasks.wait.apply([ref_id, time.time() + START]).get()
    assert (tasks.result(ref_id), len(autocall_sandbox.calls)) == ("answered", 1)
