"""A network that can be made bad: a TCP proxy before each server, all of them on one thread."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from tests.servers.processes import free_port

_HOST = "127.0.0.1"
_CHUNK = 64 * 1024
_UNDER_WAY = 64  # chunks of one direction of one connection
_START_SECONDS = 10.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds


class Link:
    """The way to one server. Its port stays; what it does to bytes can be changed at any time."""

    def __init__(self, network: "Network", upstream: int):
        self.port = free_port()
        self._network = network
        self._upstream = upstream
        self._delay = 0.0
        self._silent = False
        self._pairs: set[_Pair] = set()

    def slow(self, seconds: float) -> None:
        """Let every byte arrive so much later, in both directions."""
        self._delay = seconds

    def cut(self) -> None:
        """Reset all connections; new ones are let through."""
        self._network.soon(self._cut)

    def half_open(self) -> None:
        """From now on clients hear nothing and learn nothing, and the server sees them gone.

        Connections that are there now, or are made before `heal`, never come to life again.
        """
        self._silent = True
        self._network.soon(self._leave_half_open)

    def heal(self) -> None:
        """As a good network again, for connections that are new."""
        self._delay = 0.0
        self._silent = False

    async def listen(self) -> None:
        """Take connections."""
        await asyncio.start_server(self._serve, _HOST, self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = _Pair(reader, writer, lambda: self._delay)
        self._pairs.add(pair)
        try:
            if self._silent:
                await pair.swallow()
            else:
                await pair.join(self._upstream)
        finally:
            self._pairs.discard(pair)
            pair.reset()

    def _cut(self) -> None:
        for pair in list(self._pairs):
            pair.reset()

    def _leave_half_open(self) -> None:
        for pair in list(self._pairs):
            pair.leave_half_open()


class _Pair:
    """One connection through a link: the client's half and the server's."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: Callable[[], float]
    ):
        self._reader = reader
        self._writer = writer
        self._delay = delay
        self._server: asyncio.StreamWriter | None = None
        self._alone = False

    async def join(self, upstream: int) -> None:
        """Carry bytes to and fro until one side ends."""
        try:
            from_server, self._server = await asyncio.open_connection(_HOST, upstream)
        except OSError:
            return
        ways = [
            asyncio.ensure_future(self._carry(self._reader, self._server)),
            asyncio.ensure_future(self._carry(from_server, self._writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        if self._alone:
            await self.swallow()

    async def swallow(self) -> None:
        """Take what the client sends, and never answer."""
        with suppress(OSError):
            while await self._reader.read(_CHUNK):
                pass

    def leave_half_open(self) -> None:
        """End the server's half."""
        if self._server is not None:
            self._alone = True
            self._server.transport.abort()

    def reset(self) -> None:
        """End both halves at once."""
        for half in (self._writer, self._server):
            if half is not None and not half.transport.is_closing():
                raw = half.get_extra_info("socket")
                with suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                half.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_UNDER_WAY)
        sender = asyncio.ensure_future(self._send(chunks, writer))
        loop = asyncio.get_running_loop()
        try:
            chunk = b"-"
            while chunk:
                chunk = await reader.read(_CHUNK)
                await chunks.put((loop.time() + self._delay(), chunk))
            await sender
        except OSError:
            pass
        finally:
            sender.cancel()

    async def _send(self, chunks: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        """Write each chunk when it is due; an empty one is the end."""
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await chunks.get()
            if not chunk:
                return
            await asyncio.sleep(max(0.0, due - loop.time()))
            writer.write(chunk)
            await writer.drain()


class Network:
    """The links, and the thread that carries their bytes; a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_note)
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)
        self._loop.close()

    def link(self, upstream: int) -> Link:
        """A new way to the server on this port; the server need not run yet."""
        link = Link(self, upstream)
        self._run(link.listen())
        return link

    def soon(self, call: Callable[[], None]) -> None:
        """Make a call on the thread of the network."""
        self._loop.call_soon_threadsafe(call)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_SECONDS)


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _note(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Connections are lost here on purpose: only what is not an error of one is worth telling."""
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)
