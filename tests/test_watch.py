import threading
import time

import pytest

from autocall_otp._watch import Watch


class Target:
    """Says when it was cut off."""

    def __init__(self) -> None:
        self.cut = threading.Event()

    def cut_off(self) -> None:
        self.cut.set()


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    monkeypatch.setattr(Watch, "TICK", 0.005)
    monkeypatch.setattr(Watch, "IDLE", 0.02)
    return Watch()


def test_what_is_overdue_is_cut_and_the_rest_is_left_alone(watch: Watch) -> None:
    overdue, disarmed, later = Target(), Target(), Target()
    watch.arm(disarmed, time.monotonic() + 0.02)
    watch.disarm(disarmed)
    watch.arm(later, time.monotonic() + 3600)
    watch.arm(overdue, time.monotonic() + 0.02)
    assert overdue.cut.wait(30)
    assert not disarmed.cut.is_set()
    assert not later.cut.is_set()
    watch.disarm(later)


def test_its_thread_ends_when_there_is_nothing_to_watch_and_starts_again(watch: Watch) -> None:
    for _ in range(2):
        target = Target()
        watch.arm(target, time.monotonic())
        assert target.cut.wait(30)
        until = time.monotonic() + 30
        while watch._running and time.monotonic() < until:
            time.sleep(0.005)
        assert not watch._running
