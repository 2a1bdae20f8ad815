"""`make chaos`: workers on real brokers and Redis while everything is made to fail, by a seed."""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tests.chaos import report
from tests.chaos.run import Outcome, Plan, Run
from tests.chaos.schedule import faults_of

_INTERRUPTED = 130


def main() -> int:
    """Run, print the tables, and return 0 when nothing was found, else 1 and the logs stay."""
    plan = _plan(sys.argv[1:])
    _print(f"to run it again: {report.again(plan.seed, plan.minutes)}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="pagesieve-chaos-"))
    os.environ["TMPDIR"] = str(folder)  # what killed processes leave goes with the rest
    run = Run(plan, folder, _print, lambda done: _print(report.fault_line(done)))
    outcome = run.outcome
    try:
        with run:
            run.go()
        run.look_for_leftovers()
    except KeyboardInterrupt:
        run.look_for_leftovers()
        _print("\n".join(report.check_table(outcome.checks)))
        _print(f"interrupted; {len(run.storm.done)} faults were done; the logs are in {folder}")
        return _INTERRUPTED
    except BaseException:
        _print(f"the harness failed; the logs are in {folder}")
        raise
    return _tell(plan, outcome, folder)


def _plan(words: Sequence[str]) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="fixes the pages and the faults")
    parser.add_argument("--minutes", type=float, default=3.0, help="how long the faults go on")
    parser.add_argument("--rate", type=float, default=80.0, help="pages a second")
    parser.add_argument("--workers", type=int, default=3, help="workers at the start")
    parser.add_argument("--most", type=int, default=4, help="workers at most")
    parser.add_argument("--dry-run", action="store_true", help="only print the faults to come")
    given = parser.parse_args(words)
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    if given.dry_run:
        for fault in faults_of(seed, given.minutes * 60):
            print(f"{fault.at:7.1f} s  {fault.kind.value:<31}  {fault.target:5}  {fault.seconds:4.1f} s")
        sys.exit(0)
    return Plan(seed, given.minutes, given.rate, given.workers, given.most)


def _tell(plan: Plan, outcome: Outcome, folder: Path) -> int:
    faults = report.fault_table(outcome.done)
    _print("\n".join(["", *faults, "", *report.check_table(outcome.checks), ""]))
    _print(f"to run it again: {report.again(plan.seed, plan.minutes)}")
    if all(check.ok for check in outcome.checks):
        shutil.rmtree(folder)
        return 0
    everything = report.check_table(outcome.checks, shown=sys.maxsize)
    (folder / "report.txt").write_text("\n".join([*faults, "", *everything, ""]), encoding="utf-8")
    _print(f"the logs of the workers and the brokers, and every finding in report.txt: {folder}")
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
