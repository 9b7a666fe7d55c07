"""What is changed changes nothing else."""

from __future__ import annotations

from hypothesis import given

from harness.manifests import Manifests, Object
from tests.properties.checks import answer, check
from tests.properties.strategies import GATEWAY_FIELDS, Values, group, values

GROUP_LABEL = "app.kubernetes.io/model-group"


def of_groups(manifests: Manifests, *kinds: str) -> dict[tuple[str, str, str], Object]:
    """The objects of all groups, of these kinds or of any: by group, kind and name."""
    return {
        (labels[GROUP_LABEL], each["kind"], each["metadata"]["name"]): each
        for each in manifests
        if GROUP_LABEL in (labels := each["metadata"]["labels"]) and each["kind"] in (kinds or (each["kind"],))
    }


@given(values(), group())
def test_a_change_in_one_group_changes_no_other(drawn: Values, other: Values) -> None:
    changed = min(drawn["modelGroups"], default="a")
    before, after = check(drawn), check({**drawn, "modelGroups": {**drawn["modelGroups"], changed: other}})
    if before is not None and after is not None:
        others = [{key: each for key, each in of_groups(m).items() if key[0] != changed} for m in (before, after)]
        assert others[0] == others[1]


@given(values(), GATEWAY_FIELDS)
def test_a_change_of_the_gateway_restarts_no_model(drawn: Values, gateway: Values) -> None:
    before, after = check(drawn), check({**drawn, "onwards": gateway})
    if before is not None and after is not None:
        assert of_groups(before, "Deployment") == of_groups(after, "Deployment")


@given(values())
def test_the_same_values_render_the_same_bytes(drawn: Values) -> None:
    assert str(answer(drawn)) == str(answer(drawn))


@given(values())
def test_the_order_of_groups_does_not_matter(drawn: Values) -> None:
    before, after = check(drawn), check({**drawn, "modelGroups": dict(reversed(drawn["modelGroups"].items()))})
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert list(before) == list(after)
