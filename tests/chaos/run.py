"""One run: everything started, the faults done, the rest worked off, and all of it looked at."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Self

import psutil
from kafka.errors import KafkaError

from tests.chaos import checks
from tests.chaos.checks import Check
from tests.chaos.cluster import ChaosCluster, committed_offsets, group_lag
from tests.chaos.faults import Done, Storm
from tests.chaos.feed import OTHER_RULES, RUNNING_RULES, Feeder, page_of
from tests.chaos.fleet import Fleet, Life, left_of
from tests.chaos.network import Network
from tests.chaos.schedule import faults_of
from tests.chaos.servicefaults import BrokerFaults, NetworkFaults, RedisFaults
from tests.chaos.story import Fingerprints, Story, read_story
from tests.chaos.watch import Watch, take_sample, wait_until_worked_off
from tests.chaos.workerfaults import WorkerFaults
from tests.conftest import Names
from tests.integration.workers import WorkerGroup
from tests.servers.redis import RedisServer
from worker.assembly import fingerprint
from worker.rulefiles import read_rules

QUIET_PAGES = 300  # after the faults
WORK_OFF_SECONDS = 240.0
LEAST_SHARE = 0.1  # of the pages that the rate promises
_COUNT_SECONDS = 30.0
_LEFT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run."""

    seed: int
    minutes: float  # of pages under faults
    rate: float  # pages a second
    workers: int  # at the start
    most: int


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    done: Sequence[Done] = ()
    late: int = 0
    checks: list[Check] = field(default_factory=list)


class Run:
    """Everything that a run starts; a context manager that ends all of it, by its id."""

    def __init__(self, plan: Plan, folder: Path, say: Callable[[str], None], tell: Callable[[Done], None]):
        self._plan = plan
        self._say = say
        self._stack = ExitStack()
        self._network = Network()
        self._folder = folder
        self.outcome = Outcome()
        self.storm = Storm(faults_of(plan.seed, plan.minutes * 60), tell)

    def __enter__(self) -> Self:
        try:
            self._stack.enter_context(self._network)
            self._cluster = ChaosCluster(self._folder / "kafka", self._network)
            self._redis = RedisServer(self._folder / "redis")
            self._say("starting three brokers and Redis")
            self._stack.enter_context(self._cluster)
            self._stack.enter_context(self._redis)
            self._redis_link = self._network.link(self._redis.port)
            self._group = self._make_group()
            self._fleet = Fleet(self._group, self._folder, self._plan.most)
            self._stack.callback(self._fleet.close)
            self._watch = Watch(self._fleet, self._servers)
            self._stack.callback(self._watch.stop)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.storm.end()
        self._stack.close()

    def go(self) -> None:
        """The whole run, with its checks; those of what is left over come with `look_for_leftovers`."""
        plan = self._plan
        for _ in range(plan.workers):
            self._fleet.start_new()
        for life in self._fleet.running():
            life.worker.wait_until_ready()
        self._watch.start()
        feeder = self._feed(0)
        self._say(f"{plan.minutes:g} minutes of faults")
        started = time.monotonic()
        self._blow()
        feeder.stop()
        promised = (time.monotonic() - started) * plan.rate
        self._say("the faults are over: working off what is left")
        findings = self._work_off()
        quiet = None if findings else self._quiet_phase(feeder, findings)
        self._watch.stop()
        lives = list(self._fleet.running())
        self._count(lives)
        self._fleet.stop(*lives)
        self._say("reading the topics")
        self._check(self._read(), findings, quiet)
        fed = [] if feeder.next >= promised * LEAST_SHARE else ["too few to prove anything"]
        told = f"{feeder.next} of {promised:.0f} that the rate promises, {feeder.refused} refused"
        self.outcome.checks.append(checks.check_found("pages fed", told, fed))

    def look_for_leftovers(self) -> None:
        """Once all is ended: whether it is."""
        if not hasattr(self, "_fleet"):  # it was given up before there was any
            return
        findings = self._fleet.left(_LEFT_SECONDS)
        mine = left_of(psutil.Process().children(recursive=True))
        findings += [f"process {process.pid} of the harness" for process in mine]
        self._fleet.end_leftovers()
        for process in mine:
            process.kill()
        told = f"{len(self._fleet.lives)} processes of workers were there"
        self.outcome.checks.append(checks.check_found("nothing left over", told, findings))

    @property
    def _servers(self) -> str:
        return self._cluster.bootstrap_servers

    def _make_group(self) -> WorkerGroup:
        return WorkerGroup(
            self._servers,
            Names(),
            self._folder,
            kafka_bootstrap_servers=self._cluster.worker_servers,
            redis_url=f"redis://127.0.0.1:{self._redis_link.port}/0",
            topic_replication=3,
            commit_interval=1.0,
            cache_timeout=0.25,  # all the way through a link that has other things to do
            page_deadline=5,
            child_memory_mb=512,
            max_in_flight_pages=500,
            max_in_flight_bytes=16 * 1024 * 1024,
        )

    def _feed(self, first: int, count: int | None = None) -> Feeder:
        topic, plan = self._group.settings.raw_topic, self._plan
        feeder = Feeder(self._servers, topic, plan.seed, plan.rate, lambda: self._watch.lag, first, count)
        self._stack.callback(feeder.stop)
        feeder.start()
        return feeder

    def _blow(self) -> None:
        pause = self.storm.pause
        workers = WorkerFaults(self._fleet, pause)
        brokers = BrokerFaults(self._cluster, self._fleet, pause)
        redis = RedisFaults(self._redis, self._redis_link, pause)
        network = NetworkFaults(self._cluster.links, pause)
        try:
            self.storm.blow(workers.ways | brokers.ways | redis.ways | network.ways, self._plan.minutes * 60)
        finally:
            self.outcome.done, self.outcome.late = self.storm.done, self.storm.late
        workers.restore()
        self._cluster.restore()

    def _work_off(self) -> list[str]:
        topic, group = self._group.settings.raw_topic, self._group.name
        try:
            took = wait_until_worked_off(lambda: group_lag(self._servers, group, topic), WORK_OFF_SECONDS)
        except TimeoutError as error:
            return [str(error)]
        self._say(f"worked off after {took:.0f} s")
        return []

    def _quiet_phase(self, fed: Feeder, findings: list[str]) -> tuple[int, dict[str, int], dict[str, int]]:
        """Pages without faults: the first one's number, and what the workers counted before and after."""
        lives = list(self._fleet.running())
        before = self._count(lives)
        feeder = self._feed(fed.next, QUIET_PAGES)
        feeder.join()
        findings += self._work_off()
        return fed.next, before, self._count(lives)

    def _count(self, lives: Sequence[Life]) -> dict[str, int]:
        """What these workers counted, once it has come to rest."""
        until = time.monotonic() + _COUNT_SECONDS
        last: dict[str, int] | None = None
        while time.monotonic() < until:
            samples = [take_sample(life) for life in lives]
            if None not in samples:
                found = [sample for sample in samples if sample is not None]
                for life, sample in zip(lives, found, strict=True):
                    life.samples.append(sample)
                if last == checks.totals(found):
                    return last
                last = checks.totals(found)
            time.sleep(1.0)
        return last or checks.totals([])

    def _read(self) -> Story:
        settings = self._group.settings
        options = {
            words: replace(settings.clean_options, min_words=words) for words in (RUNNING_RULES, OTHER_RULES)
        }
        rules = read_rules()
        prints = Fingerprints({words: fingerprint(rules, option) for words, option in options.items()})
        return read_story(
            self._servers,
            (settings.raw_topic, settings.articles_topic, settings.dead_topic),
            self._committed(),
            partial(page_of, self._plan.seed),
            prints,
        )

    def _committed(self) -> dict[int, int]:
        for _ in range(5):
            try:
                return committed_offsets(self._servers, self._group.name)
            except KafkaError:
                time.sleep(1.0)
        return committed_offsets(self._servers, self._group.name)

    def _check(
        self,
        story: Story,
        unfinished: Sequence[str],
        quiet: tuple[int, dict[str, int], dict[str, int]] | None,
    ) -> None:
        fleet, watch = self._fleet, self._watch
        failed = [f"{done.fault.kind} failed: {done.error}" for done in self.outcome.done if done.error]
        blind = [f"the watch ended: {watch.failed!r}"] if watch.failed else []
        progress = (
            f"no worker for more than {watch.longest:.0f} s ({watch.where}), "
            f"nor the group for {watch.longest_of_all:.0f} s; the lag was {watch.peak_lag} at most"
        )
        self.outcome.checks += [
            checks.check_found(
                "faults done", f"{len(self.outcome.done)}, {self.outcome.late} left out", failed
            ),
            checks.check_found("all worked off", f"within {WORK_OFF_SECONDS:g} s", unfinished),
            checks.check_once(story),
            checks.check_order(story),
            checks.check_schema(story),
            checks.check_fate(story, fleet.children_killed, fleet.workers_killed),
            checks.check_commits(story),
            checks.check_storm_metrics(story, fleet.lives),
            checks.check_found("progress", progress, [*watch.findings, *blind]),
            checks.check_found("ends of workers", f"{len(fleet.lives)} processes", fleet.findings),
            checks.check_memory(fleet.lives),
        ]
        if quiet is not None:
            self.outcome.checks.append(checks.check_quiet_metrics(story, *quiet))
