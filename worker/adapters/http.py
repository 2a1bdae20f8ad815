"""The HTTP port: /metrics, /livez, /readyz and /version."""

import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

log = logging.getLogger(__name__)

_TEXT = "text/plain; charset=utf-8"
_CLIENT_SECONDS = 10.0  # a client that says nothing for longer is cut off

Answer = tuple[int, str, bytes]


class HttpPort:
    """Serves the four pages on threads of its own, from the start to `close`.

    `alive` and `ready` are asked on those threads. `port` is the one bound, also when 0 was asked for,
    and `address` is what a URL has of both.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        registry: CollectorRegistry,
        alive: Callable[[], bool],
        ready: Callable[[], bool],
        version: Mapping[str, str],
    ):
        def metrics(accept: str) -> Answer:
            encode, content_type = choose_encoder(accept)
            return 200, content_type, encode(registry)

        pages: dict[str, Callable[[str], Answer]] = {
            "/metrics": metrics,
            "/livez": lambda _accept: _verdict(alive(), "alive", "stuck"),
            "/readyz": lambda _accept: _verdict(ready(), "ready", "not ready"),
            "/version": lambda _accept: (200, "application/json", orjson.dumps(dict(version)) + b"\n"),
        }
        self._server = _Server((host, port), pages)
        self.port: int = self._server.server_address[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], pages: Mapping[str, Callable[[str], Answer]]):
        self.pages = pages
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        gone = isinstance(sys.exception(), ConnectionError)
        log.log(logging.DEBUG if gone else logging.ERROR, "request to the HTTP port failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _CLIENT_SECONDS
    server_version = "pagesieve"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(body_too=True)

    def do_HEAD(self) -> None:
        self._answer(body_too=False)

    def _answer(self, *, body_too: bool) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            known = " ".join(self.server.pages)
            status, content_type, body = 404, _TEXT, f"not found; there is {known}\n".encode()
        else:
            status, content_type, body = page(self.headers.get("Accept", ""))
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body_too:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        log.debug(format, *args)


def _verdict(good: bool, yes: str, no: str) -> Answer:
    return (200, _TEXT, f"{yes}\n".encode()) if good else (503, _TEXT, f"{no}\n".encode())
