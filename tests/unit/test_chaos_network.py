"""The bad network of the fault harness, before a server that sends everything back."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.network import Link, Network
from tests.servers.processes import free_port


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)
        self.server.ended.set()  # type: ignore[attr-defined]


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.ended = threading.Event()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture
def link(server: Server, network: Network) -> Link:
    return network.link(server.server_address[1])


def connect(link: Link, timeout: float = 10.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=timeout)


def ask(connection: socket.socket, words: bytes = b"hello") -> bytes:
    connection.sendall(words)
    answer = b""
    while len(answer) < len(words) and (part := connection.recv(65536)):
        answer += part
    return answer


def test_it_carries_bytes_both_ways(link: Link) -> None:
    large = bytes(range(256)) * 8_000
    with connect(link) as connection:
        threading.Thread(target=connection.sendall, args=(large,), daemon=True).start()
        answer = b""
        while len(answer) < len(large):
            answer += connection.recv(65536)
        assert answer == large
        connection.shutdown(socket.SHUT_WR)


def test_slow_delays_each_way_and_heals(link: Link) -> None:
    with connect(link) as connection:
        link.slow(0.2)
        started = time.monotonic()
        assert ask(connection) == b"hello"
        assert time.monotonic() - started >= 0.4
        link.heal()
        assert ask(connection) == b"hello"


def test_slow_does_not_make_the_way_narrow(link: Link) -> None:
    link.slow(0.1)
    with connect(link) as connection:
        started = time.monotonic()
        for _ in range(50):
            connection.sendall(b"x")
            time.sleep(0.01)
        answer = b""
        while len(answer) < 50:
            answer += connection.recv(100)
        assert time.monotonic() - started < 50 * 0.1, "the delays must not add up"


def test_cut_resets_what_is_there_and_lets_new_connections_through(link: Link, server: Server) -> None:
    with connect(link) as connection:
        assert ask(connection) == b"hello"
        link.cut()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        assert server.ended.wait(10)
    with connect(link) as connection:
        assert ask(connection) == b"hello"


def test_half_open_connections_are_dead_on_one_side_only(link: Link, server: Server) -> None:
    with connect(link) as connection:
        assert ask(connection) == b"hello"
        link.half_open()
        assert server.ended.wait(10), "the server sees the client gone"
        connection.settimeout(0.2)
        connection.sendall(b"is anybody there?")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        with connect(link, 0.2) as during:
            during.sendall(b"or here?")
            with pytest.raises(TimeoutError):
                during.recv(1)
            link.heal()
            for dead in (connection, during):
                dead.sendall(b"and now?")
                with pytest.raises(TimeoutError):
                    dead.recv(1)
        with connect(link) as fresh:
            assert ask(fresh) == b"hello"


def test_a_server_that_is_not_there_ends_the_connection(network: Network) -> None:
    link = network.link(free_port())
    with contextlib.suppress(ConnectionResetError), connect(link) as connection:
        assert connection.recv(1) == b""
