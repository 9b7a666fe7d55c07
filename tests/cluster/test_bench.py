"""The benchmark runs against the real gateway, under its CPU limits. Its figures are not checked."""

from __future__ import annotations

import pytest

from harness.bench import aliases, balance, gateways, latency
from harness.bench.balance import ENGINES
from harness.bench.results import REQUESTS, STREAMS
from harness.cluster import Cluster
from harness.cluster.namespaces import Namespaces

TINY = latency.Plan(rates=(40,), streams=(3,), warm=0.3, seconds=1, rounds=1, warm_up=0.2)


@pytest.fixture(autouse=True)
def control_groups(cluster: Cluster) -> None:
    if not isinstance(cluster, Namespaces):
        pytest.skip("a CPU limit needs the right to make control groups, which only a cluster in namespaces needs too")


@pytest.mark.parametrize("name", [gateways.ONWARDS, gateways.ONWARDS_200M])
def test_requests_and_streams(name: str) -> None:
    missing: dict[str, str] = {}
    found = list(latency.measure([name], TINY, missing, lambda _: None))
    assert not missing
    assert [each.kind for each in found] == [REQUESTS, STREAMS]
    for each in found:
        assert each.p50 is not None, each.error
        assert each.cpus > 0
        assert each.memory_mb > 1


def test_balance() -> None:
    """Checks that do not depend on time: every mode reaches engines, also after a ninth replica has joined."""
    found = list(balance.measure(balance.Plan(warm=0.5, count=2, joined=1, rounds=1), lambda _: None))
    assert [each.mode for each in found] == list(balance.MODES)
    for each in found:
        assert each.answered > 0
        assert each.failed == 0
        assert sum(each.eight) == pytest.approx(ENGINES)
        assert sum(each.nine) == pytest.approx(ENGINES + 1)


def test_many_aliases() -> None:
    found = list(aliases.measure(1))
    assert [each.what for each in found] == list(aliases.CASES)
    assert found[0].config_kb < found[1].config_kb
