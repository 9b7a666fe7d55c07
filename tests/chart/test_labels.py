"""Labels and annotations: strings, each once; users cannot override selector labels."""

from __future__ import annotations

import pytest

from harness.manifests import load
from harness.paths import ROOT
from tests.chart.accessors import FULLNAME, deployment, one
from tests.support import Render


@pytest.mark.parametrize(
    ("given", "rendered"),
    [(7, "7"), (1000000, "1000000"), (1.5, "1.5"), (True, "true"), ("x", "x")],
    ids=["integer", "large", "fraction", "boolean", "string"],
)
def test_a_value_becomes_a_string(render: Render, given: object, rendered: str) -> None:
    values = {**one(podLabels={"a": given}, podAnnotations={"a": given}), "commonLabels": {"b": given}}
    workload = deployment(render(values))
    assert workload["spec"]["template"]["metadata"]["labels"]["a"] == rendered
    assert workload["spec"]["template"]["metadata"]["annotations"]["a"] == rendered
    assert workload["metadata"]["labels"]["b"] == rendered


def test_common_labels_and_annotations_are_on_every_object_and_pod(render: Render) -> None:
    rendered = render({**one(), "commonLabels": {"team": "ml"}, "commonAnnotations": {"owner": "me"}})
    metadata = [each["metadata"] for each in rendered]
    metadata += [each["spec"]["template"]["metadata"] for each in rendered.kind("Deployment")]
    assert all(each["labels"]["team"] == "ml" and each["annotations"]["owner"] == "me" for each in metadata)


def test_a_null_label_or_annotation_is_omitted(render: Render) -> None:
    rendered = render({"commonLabels": {"a": None, "b": "c"}, "commonAnnotations": {"d": None, "e": "f"}})
    for each in rendered:
        assert each["metadata"]["labels"].get("a", "absent") == "absent"
        assert each["metadata"]["annotations"].get("d", "absent") == "absent"


def test_every_object_is_part_of_the_chart(render: Render) -> None:
    labels = [each["metadata"]["labels"] for each in render(one())]
    assert {each["app.kubernetes.io/part-of"] for each in labels} == {"inference-stack"}
    assert {each["app.kubernetes.io/managed-by"] for each in labels} == {"Helm"}


def test_a_common_label_overrides_the_charts(render: Render) -> None:
    rendered = render({"commonLabels": {"app.kubernetes.io/part-of": "platform"}})
    assert {each["metadata"]["labels"]["app.kubernetes.io/part-of"] for each in rendered} == {"platform"}


def test_no_label_overrides_a_selector_label(render: Render) -> None:
    wrong = {"app.kubernetes.io/component": "wrong", "app.kubernetes.io/name": "wrong"}
    workload = deployment(render({**one(podLabels=wrong), "commonLabels": wrong}))
    selector = workload["spec"]["selector"]["matchLabels"]
    assert "wrong" not in selector.values()
    assert selector.items() <= workload["metadata"]["labels"].items()
    assert selector.items() <= workload["spec"]["template"]["metadata"]["labels"].items()


def test_pods_have_no_version_labels(render: Render) -> None:
    for workload in render(one()).kind("Deployment"):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert not {"helm.sh/chart", "app.kubernetes.io/version"} & labels.keys()


def test_objects_have_labels_for_the_versions_of_gateway_and_chart(render: Render) -> None:
    chart = load((ROOT / "Chart.yaml").read_text())
    for each in render(one()):
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/version"] == str(chart["appVersion"])
        assert labels["helm.sh/chart"] == f"{chart['name']}-{chart['version']}"


def test_a_key_in_the_charts_secret_is_hashed_into_the_pod_that_uses_it(render: Render) -> None:
    """So a changed key restarts the engine; after changing their own Secret, users restart it themselves."""
    annotations = [
        deployment(render(one(apiKey=key)))["spec"]["template"]["metadata"].get("annotations", {})
        for key in ("sk-0123456789-one", "sk-0123456789-two", {"name": "s", "key": "k"})
    ]
    hashes = [each.get("checksum/key") for each in annotations]
    assert hashes[0] != hashes[1]
    assert [each is None for each in hashes] == [False, False, True]


def test_a_claim_is_labelled_with_its_volume(render: Render) -> None:
    rendered = render(one(persistentVolumes=[{"name": "v", "size": "1Gi", "mountPath": "/v", "labels": {"n": 1}}]))
    labels = rendered["PersistentVolumeClaim", f"{FULLNAME}-a-v"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/volume"] == "v"
    assert labels["n"] == "1"


def test_a_null_annotation_is_omitted(render: Render) -> None:
    template = deployment(render(one(podAnnotations={"a": None, "b": "c"})))["spec"]["template"]
    assert template["metadata"]["annotations"] == {"b": "c"}
