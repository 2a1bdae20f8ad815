"""Faults at random, the same ones for the same seed."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.integration.faults import Run

Fault = Callable[[Run, random.Random], str]


def random_faults(seed: int, seconds: float) -> Callable[[Run], Sequence[str]]:
    """Faults at random for so long: one broker after the other killed or frozen, and at the same time
    workers killed, frozen, stopped and added."""

    def faults(run: Run) -> Sequence[str]:
        end = time.monotonic() + seconds
        lanes = [
            ([_kill_broker, _kill_broker, _freeze_broker], seed),
            ([_kill_worker, _freeze_worker, _come_and_go], seed + 1_000_000),
        ]
        with ThreadPoolExecutor(len(lanes)) as pool:
            noted = [pool.submit(_lane, run, kinds, random.Random(number), end) for kinds, number in lanes]
        for slot in set(range(run.count)) - set(run.workers.running()):
            run.workers.start(slot)
        return [note for lane in noted for note in lane.result()]

    return faults


def _lane(run: Run, kinds: Sequence[Fault], chance: random.Random, end: float) -> list[str]:
    notes: list[str] = []
    started = time.monotonic()
    time.sleep(chance.uniform(1, 6))
    while time.monotonic() < end:
        at = time.monotonic() - started
        notes.append(f"{at:.0f} s: {chance.choice(kinds)(run, chance)}")
        time.sleep(chance.uniform(0, 4))
    return notes


def _kill_broker(run: Run, chance: random.Random) -> str:
    node = chance.choice(list(run.cluster.nodes))
    down = chance.uniform(0, 12)
    run.cluster.kill(node)
    time.sleep(down)
    run.cluster.start(node)
    return f"broker {node} killed, down for {down:.0f} s"


def _freeze_broker(run: Run, chance: random.Random) -> str:
    node = chance.choice(list(run.cluster.nodes))
    seconds = chance.uniform(2, 15)  # after 9 s the others take over
    run.cluster.freeze(node)
    time.sleep(seconds)
    run.cluster.thaw(node)
    return f"broker {node} frozen for {seconds:.0f} s"


def _kill_worker(run: Run, chance: random.Random) -> str:
    slot = chance.choice(run.workers.running())
    run.workers.kill(slot)
    time.sleep(chance.uniform(0, 3))
    run.workers.start(slot)
    return f"worker {slot} killed"


def _freeze_worker(run: Run, chance: random.Random) -> str:
    slot = chance.choice(run.workers.running())
    seconds = chance.choice((2.0, 8.0, 11.0))  # the session timeout is 6 s
    run.workers.freeze(slot)
    time.sleep(seconds)
    run.workers.thaw(slot)
    return f"worker {slot} frozen for {seconds:.0f} s"


def _come_and_go(run: Run, chance: random.Random) -> str:
    if len(run.workers.running()) < 4:
        slot = next(slot for slot in range(5) if slot not in run.workers.running())
        run.workers.start(slot)
        return f"worker {slot} added"
    slot = chance.choice(run.workers.running())
    run.workers.stop(slot)
    return f"worker {slot} stopped"
