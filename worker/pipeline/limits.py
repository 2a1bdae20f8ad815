"""How much a worker takes on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a loop. Times in seconds."""

    max_pages: int  # in flight
    max_bytes: int  # in flight
    max_poll_records: int
    commit_interval: float
    drain_timeout: float
    children: int
    idle_poll: float = 0.5  # wait of one poll when there is nothing to do; a stop waits as long
    ahead: int = 6  # pages in the pool for each child, so that none waits while the loop commits
    commit_pages: int = 250  # as many ready are committed before the interval is over
    commit_bytes: int = 8 * 1024 * 1024
