"""The benchmark's arithmetic, and that it measures: here the mock engine alone, which needs nothing but Go.

With the gateway it is tested in tests/cluster, where the gateway is built anyway.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness import generated
from harness.bench import aliases, balance, chart, gateways, latency, page, peers, program, starts
from harness.bench.figures import Figures, Spread, rows, shares
from harness.bench.plots import plots
from harness.bench.results import REQUESTS, STREAMS, Aliases, Balance, Measurement, percentile
from harness.manifests import container
from harness.run import CommandError, run
from harness.tools import tool

TINY = latency.Plan(rates=(40,), streams=(3,), warm=0.2, seconds=0.5, rounds=2, warm_up=0.1)


def measurement(gateway: str, number: int, p50: float, p99: float, **more: object) -> Measurement:
    plain = Measurement(gateway, REQUESTS, 100, number, p50, p99, 100, 100, 0.2, 20, 0)
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.fixture
def measurements() -> list[Measurement]:
    """Two rounds, the second of them on a slower machine."""
    found = []
    for number, slow in ((1, 0.0), (2, 5.0)):
        found += [
            measurement(gateways.DIRECT, number, 1 + slow, 2 + slow),
            measurement(gateways.ONWARDS, number, 1.5 + slow, 3 + slow),
            measurement(gateways.ONWARDS_200M, number, 2 + slow, 12 + slow, throttled=7),
            measurement(gateways.VLLM_ROUTER, number, 900.0, 2000.0, came=40),
        ]
    return found


def figures(measurements: list[Measurement]) -> Figures:
    balances = [Balance(mode, [1.2, 0.8], 1.4, [1.0] * 8 + [0.5], 0, 99) for mode in balance.MODES]
    aliases = [Aliases("1 alias", 80, 1, 100, 15)]
    missing = {gateways.LITELLM: "no network\nat all"}
    return Figures(["Machine: small"], rows(measurements), shares(balances), aliases, missing)


def test_the_generators_own_arithmetic() -> None:
    run([tool("go"), "test", "./..."], cwd=program.MODULE, env={"GOTOOLCHAIN": "local", "GOWORK": "off"})


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ([5], 0.5, 5),
        ([5], 0.99, 5),
        ([3, 1, 2], 0.5, 2),
        (list(range(1, 101)), 0.99, 99),
        (list(range(1, 102)), 0.99, 100),
    ],
)
def test_percentiles(values: list[float], share: float, wanted: float) -> None:
    assert percentile(values, share) == wanted


def test_what_a_gateway_adds_is_a_difference_within_a_round(measurements: list[Measurement]) -> None:
    """The slow round makes both slower, and adds nothing to what the gateway adds."""
    direct, ours, old, _ = rows(measurements)
    assert (direct.added_p50, direct.times) == (None, None)
    assert ours.added_p50 == Spread(0.5, 0.5, 0.5)
    assert (ours.p50, ours.times) == (4.0, 1)
    assert old.times == 2
    assert old.throttled == 7


def test_a_gateway_that_falls_behind_has_no_latency(measurements: list[Measurement]) -> None:
    """The median of those answers that came would flatter it."""
    *_, late = rows(measurements)
    assert (late.p50, late.added_p50, late.times) == (None, None, None)
    table = page.tables(figures(measurements))["REQUESTS"]
    assert "does not keep up: 40 of 100 a second came" in table
    assert "not measured: no network |" in table


def test_one_bad_round_is_listed_and_does_not_hide_the_others(measurements: list[Measurement]) -> None:
    measurements.append(measurement(gateways.ONWARDS, 3, 50, 90, came=50))
    (ours,) = (row for row in rows(measurements) if row.gateway == gateways.ONWARDS)
    assert ours.p50 == 6.5
    assert "| 6.50, behind in 1 of 3 rounds |" in page.tables(figures(measurements))["REQUESTS"]


def test_figures_are_loaded_as_they_were_saved(measurements: list[Measurement], tmp_path: Path) -> None:
    saved = figures(measurements)
    saved.save(tmp_path / "deep" / "figures.json")
    assert Figures.load(tmp_path / "deep" / "figures.json") == saved


def test_plots_are_small_and_well_formed_and_the_same_again(measurements: list[Measurement]) -> None:
    drawings = plots(figures(measurements))
    for drawing in drawings.values():
        ElementTree.fromstring(drawing)
        assert len(drawing) < 40_000
    assert plots(figures(measurements)) == drawings


def test_the_page_and_its_plots_are_made_of_the_committed_figures() -> None:
    files = page.files(Figures.load(page.FIGURES))
    generated.check(files, "nox -s bench -- --again")
    assert {*page.PLOTS.iterdir()} == {*files, page.FIGURES} - {page.PAGE}


def test_starts_are_shown_by_their_medians_and_as_shares_of_those_with_an_empty_cache() -> None:
    seconds = {starts.EMPTY: (90, 50, 70), starts.KEPT: (20, 40, 35), starts.EAGER: (7, 7, 14)}
    found = [starts.Start(kind, each + 10, each) for kind, all_of in seconds.items() for each in all_of]
    head, _, *lines = starts.table(found).splitlines()
    assert [line.split(" | ")[1:] for line in lines] == [
        ["70.0", "1.00", "80.0", "1.00 |"],
        ["35.0", "0.50", "45.0", "0.56 |"],
        ["7.0", "0.10", "17.0", "0.21 |"],
    ]
    assert len(head.split(" | ")) == 5


def test_the_page_of_caches_has_the_committed_starts() -> None:
    generated.check(starts.files(), "nox -s bench -- --starts --again")


def test_the_configuration_is_the_charts_but_for_addresses() -> None:
    rendered = chart.config(chart.render(chart.one_group(balancing="perReplica", replicaCount=2)))
    addresses = ["127.0.0.1:1", "127.0.0.1:2"]
    changed = chart.with_addresses(rendered, addresses)
    (own,), (pool,) = rendered["targets"].values(), changed["targets"].values()
    assert [provider["url"] for provider in pool["providers"]] == [f"http://{address}/v1" for address in addresses]
    for here, there in zip(pool["providers"], own["providers"], strict=True):
        here["url"] = there["url"]
    assert changed == rendered
    with pytest.raises(ValueError, match="zip"):
        chart.with_addresses(rendered, addresses[:1])
    words = chart.arguments(1234, 1235, Path("/there"))
    assert words[:6] == ["--targets", "/there", "--port", "1234", "--metrics-port", "1235"]


def test_the_cpu_limit_is_the_one_that_is_rendered() -> None:
    limits = container(chart.render()["Deployment", chart.GATEWAY], "onwards")["resources"]["limits"]
    assert chart.cpu_limit() == float(limits["cpu"])
    assert gateways.cpus(gateways.LITELLM) == chart.cpu_limit() > gateways.cpus(gateways.ONWARDS_200M) == 0.2


@pytest.mark.parametrize("what", [case for case in aliases.CASES if "1,000" in case])
def test_there_are_as_many_aliases_as_is_said(what: str) -> None:
    served = [alias for group in aliases.CASES[what]["modelGroups"].values() for alias in group["modelAlias"]]
    assert len(set(served)) == len(served) == 1000


def test_other_gateways_are_pinned() -> None:
    assert [f"litellm[proxy]=={peers.version('litellm')}", f"vllm-router=={peers.version('vllm-router')}"] == peers.PINS
    assert {gateways.LITELLM, gateways.VLLM_ROUTER, gateways.ONWARDS, gateways.ONWARDS_BEFORE} == set(
        gateways.versions()
    )


def test_the_mock_engine_alone_is_measured() -> None:
    """Every request and every token comes back; how fast is nobody's business here."""
    missing: dict[str, str] = {}
    found = list(latency.measure([gateways.DIRECT], TINY, missing, lambda _: None))
    assert not missing
    assert [(each.round, each.kind, each.amount) for each in found] == [
        (number, kind, amount) for number in (1, 2) for kind, amount in ((REQUESTS, 40), (STREAMS, 3))
    ]
    assert [each.due for each in found] == [40, 150] * 2
    assert all(each.p50 is not None and each.p99 is not None and 0 <= each.p50 <= each.p99 for each in found)
    assert not any(each.error for each in found)


def test_engines_count_what_they_are_asked_and_a_ninth_joins() -> None:
    with program.mock(2, spare=1) as engines:
        url = f"http://{engines.service}"
        engines.ask("reset")
        first = program.load("workers", url, 0, 0.5, workers=8)
        before = engines.ask("count")
        assert before["requests"][2] == 0
        # A request that the end of the time cut off is counted as a request, but not as answered.
        assert first["answered"] <= sum(before["requests"]) <= first["answered"] + 8
        assert first["failed"] == 0
        engines.ask("join")
        program.load("workers", url, 0, 1, workers=64)
        assert engines.ask("count")["requests"][2] > 0


def test_a_gateway_that_cannot_be_had_is_named_and_the_others_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> gateways.Start:
        raise CommandError("pip: no such package", "")

    monkeypatch.setitem(gateways.STARTERS, gateways.LITELLM, nowhere)
    missing: dict[str, str] = {}
    plan = replace(TINY, streams=(), rounds=1)
    found = list(latency.measure([gateways.LITELLM, gateways.DIRECT], plan, missing, lambda _: None))
    assert [each.gateway for each in found] == [gateways.DIRECT]
    assert missing == {gateways.LITELLM: "pip: no such package"}
