"""Memory that large messages took goes back to the system when they are gone."""

import ctypes
import os

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of mallopt(3)
_LARGE = 256 * 1024  # bytes


def give_back_large_blocks() -> None:
    """Let glibc map every large block by itself, in this process and in those that it starts.

    By default glibc moves that bound up to 32 MiB as large blocks are freed, and keeps them in its heaps
    from then on: a worker that has seen a few large messages holds three times its memory for good.
    Another C library is left as it is.
    """
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(_LARGE))
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
