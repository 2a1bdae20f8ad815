"""A cache in memory that keeps the contract of `ports.Cache`, for tests that need no server."""

import time
from collections.abc import Callable, Sequence


class MemoryCache:
    """Remembers outcomes for `ttl` seconds of `clock`."""

    def __init__(
        self,
        count: Callable[[str, int], None] = lambda _result, _n: None,
        ttl: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.values: dict[str, tuple[bytes, float]] = {}
        self._count = count
        self._ttl = ttl
        self._clock = clock
        self._closed = False

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        now = self._clock()
        found = [
            value if end > now else None for value, end in (self.values.get(key, (b"", 0.0)) for key in keys)
        ]
        hits = sum(value is not None for value in found)
        for result, number in (("hit", hits), ("miss", len(keys) - hits)):
            if number:
                self._count(result, number)
        return found

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        if self._closed:
            return
        end = self._clock() + self._ttl
        self.values |= {key: (value, end) for key, value in items}

    def close(self) -> None:
        self._closed = True
        self.values.clear()
