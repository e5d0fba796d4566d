"""A server at the level of sockets, with or without TLS, that counts connections and answers as a test says."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress

import attrs

BODY = b'{"id": "c1", "status": "answered"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s"
KEPT, CLOSED = ANSWER % (len(BODY), b"", BODY), ANSWER % (len(BODY), b"Connection: close\r\n", BODY)


@attrs.define
class Peer:
    """A server that answers each request as the test says; nothing means that it closes the connection."""

    answers: list[bytes] = attrs.field(factory=list[bytes])
    requests: list[bytes] = attrs.field(factory=list[bytes])
    connections: int = 0
    url: str = ""
    ended: threading.Event = attrs.field(factory=threading.Event)

    def talk(self, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
        with suppress(OSError), tls.wrap_socket(connection, server_side=True) if tls else connection as peer:
            while data := peer.recv(65536):
                while data.startswith(b"POST") and not data.endswith(b"}"):
                    data += peer.recv(65536)
                self.requests.append(data)
                answer = self.answers.pop(0) if self.answers else KEPT
                if not answer:
                    return
                peer.sendall(answer)
                if answer is CLOSED:
                    return
            self.ended.set()


def listen(tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    peer = Peer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer.url = f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    peer.connections += 1
                    threading.Thread(target=peer.talk, args=[connection, tls], daemon=True).start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield peer
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
