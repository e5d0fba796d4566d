"""A scripted server at the level of sockets, and a ledger of what it received."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self
from urllib.parse import unquote

import attrs

_HEAD_END = b"\r\n\r\n"
_LONGEST_WAIT = 60.0


class PeerGoneError(Exception):
    """The client hung up: the script is over."""


@attrs.frozen
class Seen:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = attrs.field(repr=False)
    at: float
    rang: bool

    @property
    def ref_id(self) -> str:
        """The reference of the call in question."""
        if self.method == "POST":
            return str(json.loads(self.body)["ref_id"])
        return unquote(self.target.removeprefix("/v3/autocall/log/").removesuffix("/ref_id"))

    @property
    def token(self) -> str:
        """The token that it was sent with."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@attrs.define
class Ledger:
    """What a server received, and how many bytes it could send."""

    seen: list[Seen] = attrs.field(factory=list[Seen])
    connections: int = 0
    open: int = 0
    most_open: int = 0
    sent: int = 0
    changed: threading.Condition = attrs.field(factory=threading.Condition, repr=False)

    @property
    def rings(self) -> Counter[str]:
        """How often the phone rang, for each reference."""
        with self.changed:
            return Counter(entry.ref_id for entry in self.seen if entry.rang)

    def wait_for(self, condition: Callable[[Ledger], bool], seconds: float = _LONGEST_WAIT) -> bool:
        """Whether the condition came true in time."""
        with self.changed:
            return self.changed.wait_for(lambda: condition(self), seconds)

    @contextmanager
    def change(self) -> Iterator[Ledger]:
        """Note something."""
        with self.changed:
            yield self
            self.most_open = max(self.most_open, self.open)
            self.changed.notify_all()


@attrs.define
class Wire:
    """One connection, as a script sees it."""

    peer: socket.socket
    ledger: Ledger
    elsewhere: str = ""
    number: int = 0
    """How many connections came before this one."""
    _rest: bytes = b""
    _again: Seen | None = None

    def receive(self, *, rings: bool = False) -> Seen:
        """Read one request; `rings` says whether the service would dial for it, if it asks for a call."""
        if self._again:
            entry, self._again = self._again, None
            return entry
        head = self._until(_HEAD_END)
        first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        while len(self._rest) < size:
            self._more()
        body, self._rest = self._rest[:size], self._rest[size:]
        entry = Seen(method, target, headers, body, time.monotonic(), rings and method == "POST")
        with self.ledger.change() as ledger:
            ledger.seen.append(entry)
        return entry

    def put_back(self, entry: Seen) -> Wire:
        """Let a request that was read be the next to receive."""
        self._again = entry
        return self

    def wait_for_words(self) -> None:
        """Wait until something came, and leave it unread."""
        with suppress(OSError):
            self.peer.recv(1, socket.MSG_PEEK)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        try:
            self.peer.sendall(data)
        except OSError as error:
            raise PeerGoneError from error
        with self.ledger.change() as ledger:
            ledger.sent += len(data)

    def reset(self) -> None:
        """Cut the connection with a reset in place of an orderly end."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.peer.close()

    def wait_until_gone(self) -> None:
        """Stay silent until the client hangs up."""
        with suppress(OSError):
            while self.peer.recv(65536):
                pass

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        self.peer.settimeout(seconds)
        try:
            if not self.peer.recv(65536):
                raise PeerGoneError
        except TimeoutError:
            pass
        except OSError as error:
            raise PeerGoneError from error
        finally:
            with suppress(OSError):
                self.peer.settimeout(_LONGEST_WAIT)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._more()
        found, _, self._rest = self._rest.partition(mark)
        return found + mark

    def _more(self) -> None:
        try:
            data = self.peer.recv(65536)
        except OSError as error:
            raise PeerGoneError from error
        if not data:
            raise PeerGoneError
        self._rest += data


Script = Callable[[Wire], None]


class Server:
    """Runs a script for each connection, each in a thread of its own."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None, elsewhere: str = "") -> None:
        self.ledger = Ledger()
        self.failures: list[BaseException] = []
        self._script, self._tls, self._elsewhere = script, tls, elsewhere
        self._lock = threading.Lock()
        self._peers: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        self._stop_listening()
        with self._lock:
            peers = list(self._peers)
        for peer in peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        if self.failures and error is None:
            raise self.failures[0]

    def _stop_listening(self) -> None:
        self._stopping = True
        # Closing a listener does not wake the thread that waits on it; a connection does.
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            pass
        self._acceptor.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            if self._stopping:
                peer.close()
                return
            peer.settimeout(_LONGEST_WAIT)
            # Else what follows a session ticket waits until that is acknowledged.
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._peers.add(peer)
            thread = threading.Thread(target=self._serve, args=(peer, self.ledger.connections), daemon=True)
            with self.ledger.change() as ledger:
                ledger.connections += 1
                ledger.open += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket, number: int) -> None:
        try:
            wire = self._tls.wrap_socket(peer, server_side=True) if self._tls else peer
            with wire, suppress(PeerGoneError):
                self._script(Wire(wire, self.ledger, self._elsewhere, number))
        except OSError:
            # A handshake that the client broke off, or a socket that the end of the test closed.
            pass
        except BaseException as error:  # noqa: BLE001 - a script that is wrong must fail its test
            self.failures.append(error)
        finally:
            peer.close()
            with self._lock:
                self._peers.discard(peer)
            with self.ledger.change() as ledger:
                ledger.open -= 1
