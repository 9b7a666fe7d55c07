"""What is changed changes nothing else."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from harness.manifests import Manifests, Object
from tests.properties.checks import BATCH, answers, check
from tests.properties.examples import for_all
from tests.properties.strategies import GATEWAY_FIELDS, Values, group, values

GROUP_LABEL = "app.kubernetes.io/model-group"


def of_groups(manifests: Manifests, *kinds: str) -> dict[tuple[str, str, str], Object]:
    """The objects of all groups, of these kinds or of any: by group, kind and name."""
    return {
        (labels[GROUP_LABEL], each["kind"], each["metadata"]["name"]): each
        for each in manifests
        if GROUP_LABEL in (labels := each["metadata"]["labels"]) and each["kind"] in (kinds or (each["kind"],))
    }


def first_group(drawn: Values) -> str:
    return min(drawn["modelGroups"], default="a")


@pytest.mark.parametrize("shard", range(2))
def test_a_change_in_one_group_changes_no_other(shard: int) -> None:
    def sets(drawn: tuple[Values, Values]) -> list[Values]:
        before, other = drawn
        return [before, {**before, "modelGroups": {**before["modelGroups"], first_group(before): other}}]

    def holds(drawn: tuple[Values, Values], before: Manifests | None, after: Manifests | None) -> None:
        if before is not None and after is not None:
            changed = first_group(drawn[0])
            kept = [{key: each for key, each in of_groups(m).items() if key[0] != changed} for m in (before, after)]
            assert kept[0] == kept[1]

    for_all(st.tuples(values(), group()), shard, sets, check, holds)


@pytest.mark.parametrize("shard", range(2))
def test_a_change_of_the_gateway_restarts_no_model(shard: int) -> None:
    def sets(drawn: tuple[Values, Values]) -> list[Values]:
        before, gateway = drawn
        return [before, {**before, "onwards": gateway}]

    def holds(_: tuple[Values, Values], before: Manifests | None, after: Manifests | None) -> None:
        if before is not None and after is not None:
            assert of_groups(before, "Deployment") == of_groups(after, "Deployment")

    for_all(st.tuples(values(), GATEWAY_FIELDS), shard, sets, check, holds)


def test_the_same_values_render_the_same_bytes() -> None:
    def twice(sets: list[Values]) -> list[tuple[str, str]]:
        return [(str(once), str(again)) for once, again in zip(answers(sets), BATCH.render(sets), strict=True)]

    def holds(_: Values, both: tuple[str, str]) -> None:
        assert both[0] == both[1]

    for_all(values(), 0, lambda drawn: [drawn], twice, holds)


def test_the_order_of_groups_does_not_matter() -> None:
    def sets(drawn: Values) -> list[Values]:
        return [drawn, {**drawn, "modelGroups": dict(reversed(drawn["modelGroups"].items()))}]

    def holds(_: Values, before: Manifests | None, after: Manifests | None) -> None:
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert list(before) == list(after)

    for_all(values(), 0, sets, check, holds)
