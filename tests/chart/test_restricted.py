"""Which pods the API server would refuse in a namespace that enforces Pod Security's "restricted": those named here."""

from __future__ import annotations

import pytest

from harness.scan import restricted
from tests.chart.accessors import FULLNAME
from tests.chart.cases import CASES
from tests.support import Render

ROOT_BY_ITS_IMAGE = "a volume below /root, where only root gets: the group keeps its image's user, and the notes say so"
UNKNOWN_IMAGE = "a custom engine: nothing is known of the user that its image needs"
ASKED_FOR = "its values add IPC_LOCK"

LET_OFF: dict[tuple[str, str], dict[str, str]] = {
    ("snippet-storage-enabled", "vllm-llama"): {"runAsNonRoot": ROOT_BY_ITS_IMAGE},
    ("all-options", "sglang"): {"runAsNonRoot": ROOT_BY_ITS_IMAGE},
    ("all-options", "custom"): {"runAsNonRoot": UNKNOWN_IMAGE},
    ("all-options", "full"): {"capabilities_restricted": ASKED_FOR, "capabilities_baseline": ASKED_FOR},
}
"""By case and group: the rules that are broken, and why. No example is here."""


@pytest.mark.parametrize("name", CASES)
def test_pods_are_restricted(render: Render, name: str) -> None:
    wanted = {
        (f"Deployment/{FULLNAME}-{group}", rule)
        for (case, group), rules in LET_OFF.items()
        if case == name
        for rule in rules
    }
    assert {(each.thing, each.rule) for each in restricted.scan(render(CASES[name]))} == wanted


def test_no_example_is_let_off() -> None:
    assert not [case for case, _ in LET_OFF if case.startswith("example-")]
