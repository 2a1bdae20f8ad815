"""When to stop fetching and when to go on, by what is in flight. Pure."""


class Gate:
    """Closes at either limit, and opens again at half of both, so that partitions do not flap."""

    def __init__(self, max_pages: int, max_bytes: int):
        self._max_pages = max_pages
        self._max_bytes = max_bytes
        self.closed = False

    def update(self, pages: int, size: int) -> bool:
        """Take in what is in flight; True when the gate has just closed or opened."""
        before = self.closed
        if self.closed:
            self.closed = pages * 2 > self._max_pages or size * 2 > self._max_bytes
        else:
            self.closed = pages >= self._max_pages or size >= self._max_bytes
        return self.closed is not before

    def room(self, pages: int, size: int) -> int:
        """Pages that may be read before the gate closes, if they are like those in flight; at least one."""
        room = self._max_pages - pages
        if size:
            room = min(room, (self._max_bytes - size) * pages // size)
        return max(1, room)
