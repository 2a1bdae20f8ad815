"""Memory that large messages took goes back to the system when they are gone."""

import ctypes

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of mallopt(3)
_LARGE = 256 * 1024  # bytes


def give_back_large_blocks() -> None:
    """Let glibc map every large block of this process by itself.

    By default glibc moves that bound up to 32 MiB as large blocks are freed, and keeps them in its heaps
    from then on: a worker that has seen a few large messages holds three times its memory for good.
    Children are left alone: they are recycled. So is another C library.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
