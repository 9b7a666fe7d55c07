from __future__ import annotations

from decimal import Decimal

from harness.manifests import Manifests
from harness.paths import ROOT
from harness.stack import render, without_sizes

EXAMPLE = ROOT / "examples" / "single-tensorrt-llm.yaml"
LARGE = {"cpu": Decimal(64), "memory": Decimal(2**40), "ephemeral-storage": Decimal(2**40)}


def example() -> Manifests:
    return render("t", [EXAMPLE])


def test_sizes_stay_where_there_is_room() -> None:
    assert without_sizes(EXAMPLE, example(), LARGE) == {}


def test_sizes_of_containers_and_init_containers_go_where_one_is_short() -> None:
    for short in LARGE:
        dropped = without_sizes(EXAMPLE, example(), {**LARGE, short: Decimal(1)})
        spec = render("t", [EXAMPLE, dropped])["Deployment", "t-inference-stack-mistral"]["spec"]["template"]["spec"]
        for each in (*spec["initContainers"], *spec["containers"]):
            gpus = {"nvidia.com/gpu": "1"}
            assert each["resources"] == {"requests": gpus, "limits": gpus}
        assert spec["initContainers"][0]["command"][:2] == ["sh", "-c"]
