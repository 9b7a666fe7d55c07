"""What is changed changes nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, seed

from harness.helm import HelmError
from harness.manifests import Manifests, Object
from harness.paths import ROOT
from tests.properties.checks import LIBRARY, check
from tests.properties.strategies import GATEWAY_FIELDS, Values, group, values

GROUP_LABEL = "app.kubernetes.io/model-group"


def of_groups(manifests: Manifests, *kinds: str) -> dict[tuple[str, str, str], Object]:
    """The objects of all groups, of these kinds or of any: by group, kind and name."""
    return {
        (labels[GROUP_LABEL], each["kind"], each["metadata"]["name"]): each
        for each in manifests
        if GROUP_LABEL in (labels := each["metadata"]["labels"]) and each["kind"] in (kinds or (each["kind"],))
    }


@pytest.mark.parametrize("shard", range(2))
def test_a_change_in_one_group_changes_no_other(shard: int) -> None:
    @seed(shard)
    @given(values(), group())
    def holds(drawn: Values, other: Values) -> None:
        names = sorted(drawn["modelGroups"])
        changed = names[0] if names else "a"
        before = check(drawn)
        after = check({**drawn, "modelGroups": {**drawn["modelGroups"], changed: other}})
        if before is not None and after is not None:
            kept = [{key: each for key, each in of_groups(m).items() if key[0] != changed} for m in (before, after)]
            assert kept[0] == kept[1]

    holds()


@pytest.mark.parametrize("shard", range(2))
def test_a_change_of_the_gateway_restarts_no_model(shard: int) -> None:
    @seed(shard)
    @given(values(), GATEWAY_FIELDS)
    def holds(drawn: Values, gateway: Values) -> None:
        before, after = check(drawn), check({**drawn, "onwards": gateway})
        if before is not None and after is not None:
            assert of_groups(before, "Deployment") == of_groups(after, "Deployment")

    holds()


def test_the_same_values_render_the_same_bytes() -> None:
    @seed(0)
    @given(values())
    def holds(drawn: Values) -> None:
        try:
            once = LIBRARY.render(ROOT, drawn, skip_schema=True)
        except HelmError:
            return
        assert LIBRARY.render(ROOT, drawn, skip_schema=True) == once

    holds()


def test_the_order_of_groups_does_not_matter() -> None:
    @seed(0)
    @given(values())
    def holds(drawn: Values) -> None:
        backwards = dict(reversed(drawn["modelGroups"].items()))
        before, after = check(drawn), check({**drawn, "modelGroups": backwards})
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert list(before) == list(after)

    holds()
