"""The simulation of autoscaling: the HPA's steps against the examples of Kubernetes' documentation, and its parts."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from harness.bench.scaling import group, page, runs, traces
from harness.bench.scaling.hpa import DOWN, UP, Autoscaler, Policy, Rules, of_pods, of_total
from harness.bench.scaling.rendered import CPU, GPU, QUEUE, REQUESTS, Scaling, rendered
from harness.bench.scaling.traces import Request

QUICK_UP = Rules(0, (Policy("Percent", 900, 60),))
"""The example of "Scale up as fast as possible" of the proposal of `behavior` (KEP 853)."""


@pytest.mark.parametrize(
    ("value", "target", "replicas", "wanted"),
    [
        (200, 100, 3, 6),  # "... 200m, and the desired value is 100m, the number of replicas will be doubled"
        (50, 100, 4, 2),  # "if the current value is instead 50m, you'll halve the number of replicas"
        (109, 100, 10, 10),  # "sufficiently close to 1.0 (within a globally-configurable tolerance, 0.1 by default)"
        (111, 100, 10, 12),
        (91, 100, 10, 10),
        (89, 100, 10, 9),
    ],
)
def test_desired_replicas_are_the_ceiling_of_the_ratio_outside_the_tolerance(
    value: float, target: float, replicas: int, wanted: int
) -> None:
    assert of_pods([value] * replicas, 0, target, replicas) == wanted
    assert of_total(value * replicas, target, replicas) == wanted


def test_pods_that_are_not_ready_dampen_a_scale_up_and_do_not_reverse_it() -> None:
    assert of_pods([200, 200], 0, 100, 2) == 4
    assert of_pods([200, 200], 1, 100, 3) == 4  # they count as idle: 400 of three
    assert of_pods([150, 150], 3, 100, 5) == 5  # the ratio would be below one
    assert of_pods([50, 50], 2, 100, 4) == 1  # and not at all for fewer
    assert of_pods([], 2, 100, 2) == 2


def test_an_external_metric_of_nothing_wants_none() -> None:
    assert of_total(0, 16, 3) == 0


def test_the_documented_policies_take_the_larger_of_four_pods_and_ten_percent() -> None:
    """From 80 pods: "during the first step 8 replicas will be reduced"; from 72 "rounded up to 8"; below 40 four."""
    rules = Rules(0, (Policy("Pods", 4, 60), Policy("Percent", 10, 60)))
    scaler = Autoscaler(10, 100, down=rules)
    now, current, seen = 0.0, 80, [80]
    while current > 10:
        current = scaler.replicas(now, current, 10)
        seen.append(current)
        now += 60
    assert seen[:3] == [80, 72, 64]
    assert [a - b for a, b in pairwise(seen) if a <= 40][:3] == [4, 4, 4]
    assert seen[-1] == 10


def test_within_a_period_a_policy_is_used_up() -> None:
    scaler = Autoscaler(1, 100, down=Rules(0, (Policy("Pods", 5, 60),)))
    assert [scaler.replicas(at, count, 1) for at, count in ((0, 20), (15, 15), (59, 15), (60, 15))] == [15, 15, 15, 10]


def test_the_fastest_scale_up_of_the_proposal() -> None:
    """1 -> 10 -> 100 -> 1000."""
    scaler = Autoscaler(1, 5000, up=QUICK_UP)
    counts = [1]
    for number in range(3):
        counts.append(scaler.replicas(60.0 * number, counts[-1], 5000))
    assert counts == [1, 10, 100, 1000]


def test_by_default_four_pods_or_as_many_again_come_in_15_seconds() -> None:
    scaler = Autoscaler(1, 100)
    counts = [1]
    for number in range(4):
        counts.append(scaler.replicas(15.0 * number, counts[-1], 100))
    assert counts == [1, 5, 10, 20, 40]


def test_a_disabled_direction_and_the_smaller_of_two_policies() -> None:
    assert Autoscaler(1, 10, down=Rules(0, DOWN.policies, "Disabled")).replicas(0, 8, 1) == 8
    both = (Policy("Pods", 4, 60), Policy("Percent", 10, 60))
    assert Autoscaler(1, 100, down=Rules(0, both, "Min")).replicas(0, 80, 1) == 76


def test_the_highest_recommendation_of_the_window_holds() -> None:
    """Of all recommendations of five minutes "choosing the highest"."""
    scaler = Autoscaler(1, 10)
    current, seen = 6, []
    for number, desired in enumerate((6, 3, 2, *([2] * 19), 2, 2)):
        current = scaler.replicas(15.0 * number, current, desired)
        seen.append(current)
    assert seen[: 300 // 15] == [6] * 20
    assert seen[20] == 3  # the first has left the window
    assert seen[21] == 2


def test_a_window_for_more_pods_takes_the_lowest() -> None:
    scaler = Autoscaler(1, 10, up=Rules(30, UP.policies))
    assert scaler.replicas(0, 2, 2) == 2
    assert scaler.replicas(15, 2, 6) == 2
    assert scaler.replicas(30, 2, 6) == 6


def test_bounds_hold_whatever_is_recommended() -> None:
    assert Autoscaler(2, 8).replicas(0, 5, 100) == 8
    assert Autoscaler(2, 8, down=Rules(0, DOWN.policies)).replicas(0, 5, 0) == 2


def test_behavior_is_laid_over_the_defaults_of_kubernetes() -> None:
    assert Rules.of({"stabilizationWindowSeconds": 240}, DOWN) == Rules(240, DOWN.policies)
    slow = {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 300}], "selectPolicy": "Min", "tolerance": "0.2"}
    assert Rules.of(slow, DOWN) == Rules(300, (Policy("Pods", 1, 300),), "Min", 0.2)


def test_numbers_are_those_that_the_chart_renders() -> None:
    ways = {way: rendered(**fields) for way, fields in runs.WAYS.items()}
    default = ways["requests (default)"]
    assert (default.signal, default.target, default.least, default.most) == (REQUESTS, 16, 1, 8)
    assert (default.down.window, default.interval, default.hold) == (group.START_SECONDS, 30, 0)
    zero = ways["requests, to zero"]
    assert (zero.least, zero.polling, zero.cooldown, zero.hold) == (0, 10, 240, 300)
    assert (ways["queue"].signal, ways["queue"].target) == (QUEUE, 5)
    assert ways["queue"].down == Rules(4 * group.START_SECONDS, (Policy("Pods", 1, 4 * group.START_SECONDS),))
    assert ways["queue, down as requests are"].down == default.down
    assert (ways["GPU utilisation"].signal, ways["GPU utilisation"].target) == (GPU, 80)
    four = ways["CPU, of 4 requested"]
    assert (four.signal, four.target, four.interval, four.cpus) == (CPU, 80, 15, 4)
    assert (ways["3 pods"].signal, ways["3 pods"].least) == ("", 3)


def fixed(count: int) -> Scaling:
    return Scaling("", 0, count, count)


def test_one_request_alone_is_as_fast_as_an_engine_is() -> None:
    day = group.simulate(fixed(1), [Request(10.0, 800, 100)])
    assert day.waits == [pytest.approx(800 / group.PROMPT_TOKENS_PER_SECOND)]
    assert (day.late, day.failed, day.held) == (0, 0, 0)
    assert day.gpu_hours == pytest.approx(24)


def test_a_request_beyond_the_batch_waits_for_a_place_and_one_without_patience_fails() -> None:
    at_once = [Request(0.0, 1, 1000) for _ in range(group.BATCH + 1)]
    assert group.simulate(fixed(1), at_once).late == 1
    assert group.simulate(fixed(2), at_once).late == 0
    long = group.simulate(fixed(1), [Request(0.0, 1, 100_000) for _ in range(group.BATCH + 1)])
    assert long.failed == 1


def test_a_held_request_is_answered_when_the_first_pod_is_ready_and_fails_where_it_is_held_too_briefly() -> None:
    zero = rendered(**runs.WAYS["requests, to zero"])
    request = [Request(3600.0, 100, 10)]
    woken = group.simulate(zero, request)
    assert (woken.held, woken.failed) == (1, 0)
    assert group.START_SECONDS < woken.waits[0] < zero.hold
    brief = group.simulate(Scaling(**{**vars(zero), "hold": 60.0}), request)
    assert (brief.held, brief.failed, brief.waits) == (1, 1, [])


def test_the_gpu_is_at_full_use_with_one_request_at_a_time() -> None:
    """The known flaw: such a group grows to all that it may have, which in-flight requests do not ask for."""
    trickle = [Request(float(at), 10, 400) for at in range(0, 36_000, 4)]
    by_gpu = group.simulate(rendered(**runs.WAYS["GPU utilisation"]), trickle)
    by_requests = group.simulate(rendered(**runs.WAYS["requests (default)"]), trickle)
    assert max(count for _, count in by_requests.ready) == 1
    assert max(count for _, count in by_gpu.ready) > 1


def test_traces_are_the_same_each_time_and_in_order() -> None:
    for make in traces.TRACES.values():
        found = make()
        assert found == make()
        assert found == sorted(found, key=lambda each: each.at)


def test_the_page_and_its_plot_are_made_of_the_committed_figures() -> None:
    simulated = runs.Simulated.load(page.FIGURES)
    assert {(row.trace, row.way) for row in simulated.rows} == {(t, w) for t in traces.TRACES for w in runs.WAYS}
    for path, text in page.files(simulated).items():
        assert path.read_text() == text, f"{path} is not of {page.FIGURES}: run nox -s bench -- --scaling --again"
    ElementTree.fromstring(page.PLOT.read_text())


def test_the_committed_figures_are_what_the_charts_numbers_lead_to() -> None:
    """Of the quick trace: a default of the chart that changes them is seen here."""
    committed = {row.way: row for row in runs.Simulated.load(page.FIGURES).rows if row.trace == "bursts"}
    ways = ("requests (default)", "requests, to zero", "queue")
    for row in runs.run(ways, ["bursts"]).rows:
        kept = committed[row.way]
        assert (row.late_seconds, row.held, row.gpu_hours) == (kept.late_seconds, kept.held, kept.gpu_hours)
