"""A circuit breaker: when to leave a failing service alone, and when to look at it again."""

import random
import time
from collections.abc import Callable


class Breaker:
    """Opens after some failures in a row; from then on one probe is due after each pause.

    The pause doubles with each failed probe up to `longest_pause`, and is spread by a fifth either way,
    so that many workers do not probe in step. A success closes the circuit, but only as many successes
    in a row as it took failures to open it make the pause short again: a service that answers the probe
    and fails the calls is left alone for longer and longer. One thread reports; any thread may read.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        first_pause: float = 0.5,
        longest_pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = random.random,
    ):
        self._limit = failures
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._clock = clock
        self._spread = spread
        self._pause = first_pause
        self._in_a_row = 0  # failures above zero, successes below
        self._probe_at: float | None = None  # set while the circuit is open

    @property
    def closed(self) -> bool:
        """True while calls may be made."""
        return self._probe_at is None

    def probe_in(self) -> float:
        """Seconds until a probe is due; 0 when it is, or when the circuit is closed."""
        probe_at = self._probe_at
        return 0.0 if probe_at is None else max(0.0, probe_at - self._clock())

    def failed(self) -> bool:
        """Note a failed call or probe; True when it opened the circuit."""
        self._in_a_row = max(0, self._in_a_row) + 1
        if self.closed and self._in_a_row < self._limit:
            return False
        opened = self.closed
        self._probe_at = self._clock() + self._pause * (0.8 + 0.4 * self._spread())
        self._pause = min(self._pause * 2, self._longest_pause)
        return opened

    def succeeded(self) -> bool:
        """Note a call or probe that worked; True when it closed the circuit."""
        self._in_a_row = min(0, self._in_a_row) - 1
        if self._in_a_row <= -self._limit:
            self._pause = self._first_pause
        closed = not self.closed
        self._probe_at = None
        return closed
