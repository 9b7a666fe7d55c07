"""A group of engines under a trace, in steps of half a second. Everything about an engine here is an assumption.

Each engine batches: all of its requests get tokens at the same time, slower the more they are. A request waits for a
pod (held by the gateway), for its place in the batch, and for its prompt, one prompt after the other.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.bench.scaling import hpa
from harness.bench.scaling.rendered import CPU, GPU, QUEUE, REQUESTS, Scaling
from harness.bench.scaling.traces import DAY, Request

STEP = 0.5
START_SECONDS = 240
"""Until a new pod is ready."""
BATCH = 32
"""Requests that an engine has room for."""
TOKEN_SECONDS, TOKEN_SECONDS_EACH = 0.020, 0.0005
"""Time of a token for one request, and what each further one in the batch adds to it."""
PROMPT_TOKENS_PER_SECOND = 8000.0
SLO_SECONDS = 2.0
"""Of the first token."""
PATIENCE_SECONDS = 600.0
"""A client without a first token has then given up: the timeout of OpenAI's SDKs."""
BUSY_CPUS, CPU_SECONDS_PER_TOKEN = 1.0, 0.0001
"""Of an engine: a loop that does not sleep while there is a request, and the answers' tokens."""
QUARTER = 900
"""Seconds of which the mean of the requests is kept."""


class Engine:
    """One pod."""

    def __init__(self, ready: float) -> None:
        self.ready = ready
        self.tokens = 0.0  # that each request which is here since the start would have
        self.running: list[float] = []  # the tokens at which each request is complete
        self.waiting: deque[Request] = deque()
        self.prompts_until = 0.0
        self.busy = 0.0  # seconds, and CPU seconds, since they were read
        self.cpu = 0.0
        self.use = (0.0, 0.0)  # as read: the share of the time, and CPUs

    def requests(self) -> int:
        return len(self.running) + len(self.waiting)

    def step(self, now: float, waited: list[tuple[Request, float]]) -> None:
        """Half a second of work; `waited` gets requests that begin and the time to their first token, or infinity."""
        if self.running:
            count = len(self.running)
            tokens = STEP / _token_seconds(count)
            self.tokens += tokens
            self.busy += STEP
            self.cpu += BUSY_CPUS * STEP + CPU_SECONDS_PER_TOKEN * tokens * count
            while self.running and self.running[0] <= self.tokens:
                heapq.heappop(self.running)
        while self.waiting and now - self.waiting[0].at > PATIENCE_SECONDS:
            waited.append((self.waiting.popleft(), math.inf))
        while self.waiting and len(self.running) < BATCH:
            request = self.waiting.popleft()
            begins = max(now, request.at, self.prompts_until)
            self.prompts_until = begins + request.prompt / PROMPT_TOKENS_PER_SECOND
            waited.append((request, self.prompts_until - request.at))
            lost = (self.prompts_until - now) / _token_seconds(len(self.running) + 1)
            heapq.heappush(self.running, self.tokens + lost + request.answer)

    def read(self, seconds: float) -> None:
        """Its use since it was read before."""
        self.use = (self.busy / seconds, self.cpu / seconds)
        self.busy = self.cpu = 0.0


def _token_seconds(count: int) -> float:
    return TOKEN_SECONDS + TOKEN_SECONDS_EACH * (count - 1)


@dataclass
class Day:
    """What a day was like."""

    requests: int = 0
    late: int = 0
    """Requests whose first token came after the SLO."""
    late_seconds: int = 0
    """Seconds in which such requests came."""
    held: int = 0
    """Requests that came when no pod was ready."""
    failed: int = 0
    """Requests that were held, or waited in an engine, for too long."""
    gpu_hours: float = 0.0
    waits: list[float] = field(default_factory=list)
    """Time to the first token of each answered request."""
    ready: list[tuple[int, int]] = field(default_factory=list)
    """Since which second there are so many pods that are ready."""
    in_flight: list[float] = field(default_factory=list)
    """The mean of each quarter of an hour."""
    late_from: list[tuple[int, int]] = field(default_factory=list)
    """Minutes in which such requests came: the first, and how many in a row."""


def simulate(scaling: Scaling, trace: Iterable[Request]) -> Day:
    """One group that is scaled so under these requests; its first pods are ready when the day begins."""
    return _Group(scaling, trace).run()


class _Group:
    def __init__(self, scaling: Scaling, trace: Iterable[Request]) -> None:
        self.scaling = scaling
        self.coming = deque(sorted(trace, key=lambda each: each.at))
        self.engines = [Engine(0.0) for _ in range(scaling.least)]
        self.leaving: list[Engine] = []
        self.held: deque[Request] = deque()
        self.scraped = 0.0
        self.active = 0.0
        self.autoscaler = hpa.Autoscaler(max(1, scaling.least), scaling.most, scaling.up, scaling.down)
        self.day = Day(requests=len(self.coming))
        self.late: set[int] = set()

    def run(self) -> Day:
        for number in range(round(DAY / STEP)):
            now = number * STEP
            self.serve(now)
            if self.scaling.signal:
                self.scale(now)
            self.day.gpu_hours += (len(self.engines) + len(self.leaving)) * STEP / 3600
            self.remember(now)
        self.day.late_seconds = len(self.late)
        for minute in sorted({second // 60 for second in self.late}):
            first, count = self.day.late_from[-1] if self.day.late_from else (-1, 0)
            if first + count == minute:
                self.day.late_from[-1] = (first, count + 1)
            else:
                self.day.late_from.append((minute, 1))
        return self.day

    def remember(self, now: float) -> None:
        ready = sum(each.ready <= now for each in self.engines)
        if not self.day.ready or self.day.ready[-1][1] != ready:
            self.day.ready.append((int(now), ready))
        if now % QUARTER == 0:
            self.day.in_flight.append(0.0)
        self.day.in_flight[-1] += self.in_flight() * STEP / QUARTER

    def in_flight(self) -> int:
        """As the gateway counts."""
        return len(self.held) + sum(each.requests() for each in (*self.engines, *self.leaving))

    def serve(self, now: float) -> None:
        ready = [each for each in self.engines if each.ready <= now]
        while self.held and (ready or now - self.held[0].at > self.scaling.hold):
            request = self.held.popleft()
            if now - request.at > self.scaling.hold:
                self.day.failed += 1
                self.missed(request)
            else:
                min(ready, key=Engine.requests).waiting.append(request)
        while self.coming and self.coming[0].at < now + STEP:
            request = self.coming.popleft()
            if ready:
                min(ready, key=Engine.requests).waiting.append(request)
            else:
                self.day.held += 1
                self.held.append(request)
        waited: list[tuple[Request, float]] = []
        for each in (*ready, *self.leaving):
            each.step(now, waited)
        for request, seconds in waited:
            if seconds == math.inf:
                self.day.failed += 1
            else:
                self.day.waits.append(seconds)
            if seconds > SLO_SECONDS:
                self.missed(request)
        self.leaving = [each for each in self.leaving if each.requests()]

    def missed(self, request: Request) -> None:
        self.day.late += 1
        self.late.add(int(request.at))

    def scale(self, now: float) -> None:
        scaling = self.scaling
        if now % scaling.interval == 0:
            self.scrape()
        if scaling.least == 0 and now % scaling.polling == 0:
            self.wake_or_sleep(now)
        if self.engines and now % hpa.SYNC_SECONDS == 0:
            current = len(self.engines)
            self.set(now, self.autoscaler.replicas(now, current, self.desired(now)))

    def scrape(self) -> None:
        if self.scaling.signal == REQUESTS:
            self.scraped = self.in_flight()
        elif self.scaling.signal == QUEUE:
            self.scraped = sum(len(each.waiting) for each in (*self.engines, *self.leaving))
        for each in self.engines:
            each.read(self.scaling.interval)

    def desired(self, now: float) -> int:
        """The recommendation, before bounds and behavior."""
        scaling, current, rules = self.scaling, len(self.engines), (self.scaling.up, self.scaling.down)
        if scaling.signal == GPU:
            values = [100 * each.use[0] for each in self.engines]
            return hpa.of_pods(values, 0, scaling.target, current, *rules)
        if scaling.signal == CPU:
            values = [100 * each.use[1] / scaling.cpus for each in self.engines if each.ready <= now]
            return hpa.of_pods(values, current - len(values), scaling.target, current, *rules)
        return hpa.of_total(self.scraped, scaling.target, current, *rules)

    def wake_or_sleep(self, now: float) -> None:
        """KEDA's part: from none to one, and to none after the cooldown."""
        if self.scraped > 0:
            self.active = now
            if not self.engines:
                self.set(now, 1)
        elif self.engines and now - self.active > self.scaling.cooldown:
            self.set(now, 0)

    def set(self, now: float, count: int) -> None:
        """As a ReplicaSet: the youngest go first, and finish what they have."""
        while len(self.engines) < count:
            self.engines.append(Engine(now + START_SECONDS))
        while len(self.engines) > count:
            self.leaving.append(self.engines.pop())
