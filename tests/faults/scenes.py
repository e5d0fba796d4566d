"""Where a fault happens: what listens, what does not, and how the client is set up to meet it."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import attrs
import trustme

from faults import ways
from faults.scripts import answers, answers_after
from faults.server import Ledger, Script, Server


@attrs.frozen
class Scene:
    """What a client needs to know, and what tells later what happened."""

    host: str
    ledger: Ledger
    elsewhere: Ledger
    """What reached the host that a redirect pointed to."""
    crowd: int = 0
    """How many calls on the same client wait for their answers meanwhile."""
    release: Callable[[], None] = lambda: None
    """Let them have these."""
    warm: int = 0
    """How many good calls come before the one in question, on the same client."""
    closes: bool = False
    """The server closes the connection after them; the call in question comes when it has."""

    def rest(self) -> None:
        """Wait until the server has closed what it closes, and until the connection may be used again."""
        if self.closes and not self.ledger.wait_for(lambda ledger: ledger.open == 0):
            raise TimeoutError
        # A client's own pool lets a connection rest for 25 ms after each answer.
        threading.Event().wait(0.05)

    def wait_for_crowd(self) -> None:
        """Wait until the server has read all that is asked meanwhile."""
        if not self.ledger.wait_for(lambda ledger: len(ledger.seen) >= self.crowd):
            raise TimeoutError


Stage = Callable[[Script], AbstractContextManager[Scene]]


@contextmanager
def served(script: Script, *, tls: str = "", url: str = "", **how: Any) -> Iterator[Scene]:
    """A server that runs the script, with one of the certificates below, or reached by another scheme."""
    certificate = _certificates()[tls] if tls else None
    with (
        Server(answers()) as elsewhere,
        Server(script, tls=certificate, elsewhere=f"http://localhost:{elsewhere.port}") as server,
    ):
        yield Scene(url.format(server.port) or server.url, server.ledger, elsewhere.ledger, **how)


@contextmanager
def refused(_: Script) -> Iterator[Scene]:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield Scene(f"http://127.0.0.1:{taken.getsockname()[1]}", Ledger(), Ledger())


@contextmanager
def unresolvable(_: Script) -> Iterator[Scene]:
    """A name that does not resolve."""
    yield Scene("https://nobody.invalid", Ledger(), Ledger())


@contextmanager
def no_handshake(_: Script) -> Iterator[Scene]:
    """A listener whose queue is full: the system drops further attempts to connect."""
    with socket.socket() as listener, ExitStack() as fill:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _number in range(4):
            peer = fill.enter_context(socket.socket())
            peer.setblocking(False)  # noqa: FBT003 - the standard library's signature
            peer.connect_ex(listener.getsockname())
        yield Scene(f"http://127.0.0.1:{listener.getsockname()[1]}", Ledger(), Ledger())


@contextmanager
def crowded(_: Script) -> Iterator[Scene]:
    """A client all of whose connections are in use."""
    released = threading.Event()
    with served(answers_after(released), crowd=ways.CONNECTIONS, release=released.set) as scene:
        yield scene


def tls(name: str) -> Stage:
    """A server with one of the certificates below."""
    return partial(served, tls=name)


tls_to_plain: Stage = partial(served, url="https://127.0.0.1:{}")
"""A server that does not speak TLS on a port where TLS is expected."""
warm: Stage = partial(served, warm=1)
"""A server that was called before on the same client."""
warm_and_closed: Stage = partial(served, warm=1, closes=True)
"""The same, and the server has closed the connection since."""


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def _certificates() -> dict[str, ssl.SSLContext]:
    now, authority = datetime.now(UTC), _authority()
    issued = {
        "good": authority.issue_cert("127.0.0.1"),
        "expired": authority.issue_cert("127.0.0.1", not_before=now - timedelta(9), not_after=now - timedelta(2)),
        "wrong host": authority.issue_cert("other.example.vn"),
        "self-signed": trustme.CA().issue_cert("127.0.0.1"),
    }
    contexts = {}
    for name, certificate in issued.items():
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(contexts[name])
    return contexts


def _only_local(host: Any, *rest: Any, **options: Any) -> Any:
    """Look names up without asking anybody."""
    if str(host if isinstance(host, str) else host.decode()).endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return _look_up(host, *rest, **options)


_look_up = socket.getaddrinfo


@contextmanager
def surroundings() -> Iterator[None]:
    """Trust in the test authority, for clients that are made meanwhile, and no question to a name server."""
    with tempfile.TemporaryDirectory(prefix="autocall-otp-") as folder:
        path = Path(folder) / "authority.pem"
        _authority().cert_pem.write_to_path(str(path))
        trusted = mock.patch.dict(os.environ, {"SSL_CERT_FILE": str(path)})
        with trusted, mock.patch("socket.getaddrinfo", _only_local):
            yield
