"""What becomes of hostile pages, and what each costs: `python -m tests.hostile [PART OF A NAME ...]`."""

import sys

from tests.hostile.collection import hostile_cases
from tests.hostile.run import Bench


def main(wanted: list[str]) -> None:
    """Print a line a case as it comes."""
    cases = [case for case in hostile_cases() if not wanted or any(part in case.name for part in wanted)]
    with Bench() as bench:
        for fate in bench.run(cases):
            cost = f"{fate.seconds:6.2f} s {fate.peak_bytes / 2**20:6.0f} MiB"
            print(f"{fate.name:34} {fate.outcome:12} {cost}  {fate.detail[:90]}", flush=True)
    for url, bug in bench.bugs:
        print(f"bug on {url}\n{bug.traceback}")


if __name__ == "__main__":
    main(sys.argv[1:])
