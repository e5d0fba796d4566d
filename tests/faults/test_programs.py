"""The SDK inside real programs: queues, threads, signals, forks, and an end without close()."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress

import pytest
from support.network import Network, Route

from faults import scripts
from faults.scripts import answers, good_body, stalls, whole
from faults.server import Server, Wire
from faults.users import serves

_PRELUDE = """
import asyncio, os, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from autocall_otp import AsyncClient, Client, AutocallError, ConfigurationError
URL = sys.argv[1]
KNOWN = {"campaign_uuid": "5ff0d5b1-4ca8-4a5a-a0d4-1fd3e5e5d0b9", "template": "otp", "timeout": 60, "deadline": 60}
"""


def program(text: str, url: str, *, first: str = "") -> subprocess.Popen[str]:
    """Start a program that uses the SDK, with every warning shown."""
    command = [sys.executable, "-X", "dev", "-c", first + _PRELUDE + textwrap.dedent(text), url]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


_IN_FLIGHT = {
    "sync, the signal's default": """
        client = Client(URL, "token", **KNOWN)
        for number in range(8):
            threading.Thread(target=client.get_cdr, args=[str(number)], daemon=True).start()
        signal.pause()
        """,
    "sync, an exit in the handler": """
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with Client(URL, "token", **KNOWN) as client:
            for number in range(7):
                threading.Thread(target=client.get_cdr, args=[str(number)], daemon=True).start()
            client.run_otp("0332987711", "1234")
        """,
    "async, a cancelled task": """
        async def main():
            async with AsyncClient(URL, "token", **KNOWN) as client:
                task = asyncio.gather(*(client.get_cdr(str(number)) for number in range(8)))
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
                with suppress(asyncio.CancelledError):
                    await task
        asyncio.run(main())
        """,
}


def terminated(process: subprocess.Popen[str]) -> str:
    """What a program wrote to its standard error until SIGTERM ended it.

    CPython acts on a signal that comes just before a system call blocks when the next one interrupts that call.
    """
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=5)[1]
    raise AssertionError(f"three signals did not end the program: {process.args}")


@pytest.mark.parametrize("how", _IN_FLIGHT)
def test_sigterm_ends_a_program_with_calls_in_flight(how: str) -> None:
    with Server(stalls(b"")) as server, program(_IN_FLIGHT[how], server.url) as process:
        assert server.ledger.wait_for(lambda ledger: len(ledger.seen) == 8)
        start = time.monotonic()
        errors = terminated(process)
        # The calls would have gone on for a minute.
        assert time.monotonic() - start < 20
        assert process.returncode == (-signal.SIGTERM if "default" in how else 0)
        assert "Traceback" not in errors
        assert "Exception ignored" not in errors


_UNCLOSED = {
    "sync, in threads": """
        client = Client(URL, "token", **KNOWN)
        threads = [threading.Thread(target=client.get_cdr, args=[str(number)]) for number in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """,
    "async": """
        async def main():
            global client
            client = AsyncClient(URL, "token", **KNOWN)
            await client.get_cdr("1")
        asyncio.run(main())
        """,
}


@pytest.mark.parametrize("how", _UNCLOSED)
def test_an_end_without_close_gives_at_most_a_resource_warning(how: str) -> None:
    with Server(answers()) as server, program(_UNCLOSED[how], server.url) as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    said = [line for line in errors.splitlines() if line and not line.startswith(" ")]
    # On a busy machine the event loop's debug mode says which step took it long.
    assert [line for line in said if "ResourceWarning" not in line and not line.startswith("Executing <Task")] == []


_FORK = """
    client = Client(URL, "token", **KNOWN)
    if {used}:
        client.get_cdr("before")
    stop = threading.Event()

    def work():
        while not stop.is_set():
            client.get_cdr("parent")

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads: thread.start()
    for number in range(10):
        child = os.fork()
        if not child:
            for _ in range(5):
                with suppress(ConfigurationError):
                    assert client.get_cdr("child").finished
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0, "the child failed"
    stop.set()
    for thread in threads: thread.join()
    client.close()
    """


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("used", [True, False], ids=["after a first call", "amid the first calls"])
def test_children_forked_amid_calls_work_or_say_why_not(*, used: bool) -> None:
    with Server(answers()) as server, program(_FORK.format(used=used), server.url) as process:
        ended(process)


def ended(process: subprocess.Popen[str], say: str = "") -> str:
    """What a program wrote until it ended well."""
    try:
        output, errors = process.communicate(say, timeout=60)
    except subprocess.TimeoutExpired:
        # A child of it that hangs would keep the pipes open.
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail("the program hangs")
    assert process.returncode == 0, f"{output}{errors}"
    assert "autocall_otp" not in errors
    return output


_FROZEN = """
    def token():
        print("asked", flush=True)
        input()
        return "token"

    with Client(URL, {token}, **KNOWN | {{"deadline": {deadline}}}) as client:
        if {warm}:
            client.get_cdr("1")
            token()
        try:
            print(client.run_otp("0332987711", "1234").outcome.name)
        except AutocallError as error:
            print(error.outcome.name)
    """


@pytest.mark.parametrize(("warm", "outcome", "rings"), [(False, "NOT_PLACED", 0), (True, "PLACED", 1)])
def test_a_program_that_was_frozen_sends_nothing_too_late(*, warm: bool, outcome: str, rings: int) -> None:
    """Frozen before a call is sent, until its deadline has passed; or between calls, while the service hung up."""
    deadline = 60.0 if warm else 1.0
    text = _FROZEN.format(warm=warm, token="'token'" if warm else "token", deadline=deadline)
    with Server(scripts.closes_when_idle) as server, program(text, server.url) as process:
        assert process.stdout
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGSTOP)
        assert server.ledger.wait_for(lambda ledger: not ledger.open)
        threading.Event().wait(0.0 if warm else 1.1)
        process.send_signal(signal.SIGCONT)
        assert ended(process, "\n").split() == [outcome]
        assert server.ledger.rings.total() == rings


_GREEN = """
    client = Client(URL, "token", **KNOWN)
    calls = [threading.Thread(target=client.get_cdr, args=[str(number)]) for number in range(50)]
    for call in calls: call.start()
    for call in calls: call.join()
    print(client.run_otp("0332987711", "1234").outcome.name)
    client.close()
    """


@pytest.mark.dev
@pytest.mark.parametrize(
    "first",
    ["from gevent import monkey; monkey.patch_all()\n", "import eventlet; eventlet.monkey_patch()\n"],
    ids=["gevent", "eventlet"],
)
def test_green_threads_wait_for_each_other(first: str) -> None:
    together = threading.Barrier(50)

    def script(wire: Wire) -> None:
        while True:
            entry = wire.receive(rings=True)
            if entry.method == "GET":
                together.wait(30)
            wire.send(whole(good_body(entry)))

    with Server(script) as server, program(_GREEN, server.url, first=first) as process:
        assert ended(process).split() == ["PLACED"]


_LOOPS = """
    client = AsyncClient(URL, "token", **KNOWN)

    async def several():
        assert all(record.finished for record in await asyncio.gather(*(client.get_cdr("1") for _ in range(5))))

    def work(_):
        with suppress(ConfigurationError):
            asyncio.run(several())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(20)))
    """


def test_one_client_in_event_loops_at_the_same_time_works_or_says_why_not() -> None:
    with Server(answers()) as server, program(_LOOPS, server.url) as process:
        assert process.communicate(timeout=60)[1].count("Traceback") == process.returncode == 0
        assert server.ledger.seen


# One place, and no rest after an answer: the next call misses a place that was lost, and does not wait.
_INTERRUPTED = """
    import random, time
    from autocall_otp._transport import environment, pool

    class Interrupted(BaseException):
        pass

    def interrupt(*_):
        raise Interrupted

    environment.MAX_CONNECTIONS, pool._REST = 1, 0.0
    signal.signal(signal.SIGALRM, interrupt)
    with Client(URL, "token", **KNOWN) as client:
        for number in range({rounds}):
            start, said = time.perf_counter(), "UNKNOWN"
            try:
                if number % 4:
                    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00001, longest))
                said = client.run_otp("0332987711", "1234", ref_id=f"r{{number}}").outcome.name
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Interrupted as error:
                if said != "PLACED" and hasattr(error, "__notes__"):
                    said = error.__notes__[0].split()[-1]
            if not number % 4:
                longest = time.perf_counter() - start
            print(f"r{{number}}", said)
    """


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("route", "rounds"), [("plain", 3000), ("tls proxy", 100)])
def test_signals_interrupt_calls(net: Network, route: Route, rounds: int) -> None:
    server, url = net.reach(serves, route)
    with program(_INTERRUPTED.format(rounds=rounds), url) as process:
        output, errors = process.communicate(timeout=280)
    assert process.returncode == 0, f"{output}{errors}"
    assert net.all_closed()
    said, rings = dict(line.split() for line in output.splitlines()), server.ledger.rings
    assert {"PLACED", "NOT_PLACED"} <= set(said.values())
    assert set(rings.values()) == {1}
    assert {ref_id for ref_id, outcome in said.items() if outcome == "PLACED"} <= rings.keys()
    assert not {ref_id for ref_id, outcome in said.items() if outcome == "NOT_PLACED"} & rings.keys()
