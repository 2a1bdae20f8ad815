"""Which fault strikes when, and whom: fixed wholly by the seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

FIRST = 4.0  # seconds of peace at the start
SHORTEST_GAP, LONGEST_GAP = 2.0, 8.0  # seconds between the beginnings of two faults
PEACE = 6.0  # seconds between two faults of the brokers: nobody can get on while they are never whole


class Lane(StrEnum):
    """What a fault strikes. One thing suffers one fault at a time; different things suffer together."""

    WORKERS = "workers"
    BROKERS = "brokers"
    REDIS = "redis"
    NETWORK = "network"  # between the workers and the brokers


class Kind(StrEnum):
    """What can happen."""

    WORKER_KILLED = "worker killed"
    WORKER_STOPPED = "worker stopped"
    WORKER_ADDED = "worker added"
    WORKER_ZOMBIE = "worker a zombie"  # its process frozen beyond the session timeout, its children not
    WORKER_PAUSED = "worker paused"  # the same, with its children: a machine that was suspended
    CHILD_KILLED = "child killed"
    FORK_SERVER_KILLED = "fork server killed"
    INTERVAL_LOST = "interval lost"  # all workers die before they commit
    RULES_RELOADED = "rules reloaded"
    LEADER_KILLED = "leader killed"
    LEADER_STOPPED = "leader stopped"
    LEADER_FROZEN = "leader frozen"
    GROUP_COORDINATOR_KILLED = "group coordinator killed"
    GROUP_COORDINATOR_STOPPED = "group coordinator stopped"
    TRANSACTION_COORDINATOR_KILLED = "transaction coordinator killed"
    TRANSACTION_COORDINATOR_STOPPED = "transaction coordinator stopped"
    BROKERS_ROLLED = "brokers rolled"
    REDIS_STOPPED = "Redis stopped"
    REDIS_FROZEN = "Redis frozen"
    REDIS_FULL = "Redis full"
    REDIS_CORRUPTED = "Redis corrupted"
    REDIS_FLUSHED = "Redis flushed"
    REDIS_SLOW = "Redis slow"
    REDIS_CUT_OFF = "Redis cut off"
    REDIS_HALF_OPEN = "Redis half-open"
    KAFKA_SLOW = "Kafka slow"
    KAFKA_CUT_OFF = "Kafka cut off"
    KAFKA_HALF_OPEN = "Kafka half-open"


@dataclass(frozen=True, slots=True)
class Nature:
    """How a kind of fault goes: it holds between `shortest` and `longest` seconds, then things recover."""

    lane: Lane
    shortest: float
    longest: float
    recovery: float  # seconds, about; a busy machine takes longer, and the faults behind it come later


NATURES: Mapping[Kind, Nature] = {
    Kind.WORKER_KILLED: Nature(Lane.WORKERS, 0, 3, 4),
    Kind.WORKER_STOPPED: Nature(Lane.WORKERS, 0, 3, 4),
    Kind.WORKER_ADDED: Nature(Lane.WORKERS, 0, 0, 4),
    Kind.WORKER_ZOMBIE: Nature(Lane.WORKERS, 8, 13, 3),  # the session timeout is 6 s
    Kind.WORKER_PAUSED: Nature(Lane.WORKERS, 8, 13, 3),
    Kind.CHILD_KILLED: Nature(Lane.WORKERS, 0, 0, 2),
    Kind.FORK_SERVER_KILLED: Nature(Lane.WORKERS, 0, 0, 2),
    Kind.INTERVAL_LOST: Nature(Lane.WORKERS, 0, 2, 6),
    Kind.RULES_RELOADED: Nature(Lane.WORKERS, 0, 0, 12),
    Kind.LEADER_KILLED: Nature(Lane.BROKERS, 0, 10, 8),
    Kind.LEADER_STOPPED: Nature(Lane.BROKERS, 0, 10, 10),
    Kind.LEADER_FROZEN: Nature(Lane.BROKERS, 3, 14, 4),  # after 9 s the others take over
    Kind.GROUP_COORDINATOR_KILLED: Nature(Lane.BROKERS, 0, 10, 8),
    Kind.GROUP_COORDINATOR_STOPPED: Nature(Lane.BROKERS, 0, 10, 10),
    Kind.TRANSACTION_COORDINATOR_KILLED: Nature(Lane.BROKERS, 0, 10, 8),
    Kind.TRANSACTION_COORDINATOR_STOPPED: Nature(Lane.BROKERS, 0, 10, 10),
    Kind.BROKERS_ROLLED: Nature(Lane.BROKERS, 0, 1, 30),
    Kind.REDIS_STOPPED: Nature(Lane.REDIS, 2, 10, 2),
    Kind.REDIS_FROZEN: Nature(Lane.REDIS, 2, 10, 2),
    Kind.REDIS_FULL: Nature(Lane.REDIS, 4, 10, 2),
    Kind.REDIS_CORRUPTED: Nature(Lane.REDIS, 0, 0, 3),
    Kind.REDIS_FLUSHED: Nature(Lane.REDIS, 0, 0, 2),
    Kind.REDIS_SLOW: Nature(Lane.REDIS, 4, 10, 2),
    Kind.REDIS_CUT_OFF: Nature(Lane.REDIS, 3, 8, 2),
    Kind.REDIS_HALF_OPEN: Nature(Lane.REDIS, 3, 10, 2),
    Kind.KAFKA_SLOW: Nature(Lane.NETWORK, 5, 15, 3),
    Kind.KAFKA_CUT_OFF: Nature(Lane.NETWORK, 2, 8, 3),
    Kind.KAFKA_HALF_OPEN: Nature(Lane.NETWORK, 3, 12, 4),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault to come. `target` picks one of those that are there then, by its remainder."""

    at: float  # seconds after the start
    kind: Kind
    target: int
    seconds: float  # how long it holds

    @property
    def lane(self) -> Lane:
        """What it strikes."""
        return NATURES[self.kind].lane

    @property
    def peace(self) -> float:
        """Seconds between the end of the last fault of its lane and this one, at least."""
        return PEACE if self.lane is Lane.BROKERS else 0.0


def faults_of(seed: int, seconds: float) -> tuple[Fault, ...]:
    """The faults of a run that long, the earliest first. Every kind comes up before one comes up again,
    as far as its lane is free."""
    chance = random.Random(seed)
    free = dict.fromkeys(Lane, 0.0)
    bag: list[Kind] = []
    faults: list[Fault] = []
    at = FIRST
    while at < seconds:
        kind = _draw(bag, [lane for lane in Lane if free[lane] <= at], chance)
        nature = NATURES[kind]
        holds = round(chance.uniform(nature.shortest, nature.longest), 1)
        faults.append(Fault(round(at, 1), kind, chance.randrange(1 << 16), holds))
        free[nature.lane] = at + holds + nature.recovery
        at = max(at + chance.uniform(SHORTEST_GAP, LONGEST_GAP), min(free.values()))
    return tuple(faults)


def _draw(bag: list[Kind], lanes: list[Lane], chance: random.Random) -> Kind:
    """Take the first kind that strikes one of the lanes out of the bag, filled again when none does."""
    while True:
        for kind in bag:
            if NATURES[kind].lane in lanes:
                bag.remove(kind)
                return kind
        bag += chance.sample(list(Kind), len(Kind))
