"""Pods comply with Pod Security's "restricted", except those listed here."""

from __future__ import annotations

import pytest

from harness.scan import restricted
from tests.chart.accessors import FULLNAME
from tests.chart.cases import CASES
from tests.support import Render

ROOT_BY_ITS_IMAGE = (
    "a volume below /root, which only root can access: it runs as its image's user, and the notes warn of it"
)
UNKNOWN_IMAGE = "a custom engine: the user that its image needs is unknown"
CONFIGURED = "its values add IPC_LOCK, which only root gets"

EXCEPTIONS: dict[tuple[str, str], dict[str, str]] = {
    ("snippet-storage-enabled", "vllm-llama"): {"runAsNonRoot": ROOT_BY_ITS_IMAGE},
    ("all-options", "sglang"): {"runAsNonRoot": ROOT_BY_ITS_IMAGE},
    ("all-options", "custom"): {"runAsNonRoot": UNKNOWN_IMAGE},
    ("all-options", "full"): {
        "capabilities_restricted": CONFIGURED,
        "capabilities_baseline": CONFIGURED,
        "runAsNonRoot": CONFIGURED,
    },
}
"""By case and group: the rules that are violated, and why. No example is listed."""


@pytest.mark.parametrize("name", CASES)
def test_pods_are_restricted(render: Render, name: str) -> None:
    wanted = {
        (f"Deployment/{FULLNAME}-{group}", rule)
        for (case, group), rules in EXCEPTIONS.items()
        if case == name
        for rule in rules
    }
    assert {(each.thing, each.rule) for each in restricted.scan(render(CASES[name]))} == wanted


def test_no_example_is_an_exception() -> None:
    assert not [case for case, _ in EXCEPTIONS if case.startswith("example-")]
