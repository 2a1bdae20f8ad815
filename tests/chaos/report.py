"""A run as text: the faults that were done, the checks, and how to run it again."""

from collections.abc import Sequence

from tests.chaos.checks import Check
from tests.chaos.faults import Done

SHOWN = 12  # findings of a check; all of them are in the folder's report


def fault_line(done: Done) -> str:
    """A fault in a line."""
    told = f"FAILED: {done.error}" if done.error else done.told
    return f"{done.began:7.1f} s  {done.ended - done.began:5.1f} s  {done.fault.kind.value:<31}  {told}"


def fault_table(done: Sequence[Done]) -> list[str]:
    """All faults, in the order in which they began."""
    head = f"{'began':>9}  {'took':>7}  {'fault':<31}  target"
    return [head, *(fault_line(one) for one in sorted(done, key=lambda one: one.began))]


def check_table(checks: Sequence[Check], shown: int = SHOWN) -> list[str]:
    """All checks, each with what it found."""
    lines = []
    for check in checks:
        lines.append(f"{'ok' if check.ok else 'FAILED':<6}  {check.name:<22}  {check.told}")
        lines += [f"          - {finding}" for finding in check.findings[:shown]]
        if len(check.findings) > shown:
            lines.append(f"          - and {len(check.findings) - shown} more")
    return lines


def again(seed: int, minutes: float) -> str:
    """The command for the same faults on the same pages."""
    return f"make chaos SEED={seed} MINUTES={minutes:g}"
