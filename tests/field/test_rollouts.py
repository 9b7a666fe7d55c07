"""Updates that take longer than Kubernetes expects: what is computed covers what runs."""

from __future__ import annotations

from typing import Any

import pytest

from harness.manifests import pod_spec
from tests.chart.accessors import FULLNAME, deployment, engine, one, pod
from tests.support import Render, Say

CLAIM = {"name": "cache", "mountPath": "/cache", "size": "1Gi"}


def startup(container: dict[str, Any]) -> int:
    probe = container["startupProbe"]
    return int(probe["periodSeconds"]) * int(probe["failureThreshold"])


@pytest.mark.parametrize("drain", [60, 600, 3600])
@pytest.mark.parametrize(
    "fields",
    [
        {"persistentVolumes": [CLAIM]},
        {"strategy": {"type": "Recreate"}},
        {"strategy": {"rollingUpdate": {"maxSurge": 0}}},
    ],
    ids=["claim", "recreate", "no-surge"],
)
def test_in_place_the_deadline_covers_the_old_pod_too(render: Render, fields: dict[str, Any], drain: int) -> None:
    rendered = render({**one(drainSeconds=drain, **fields), "onwards": {"drainSeconds": drain}})
    old = pod(rendered)["terminationGracePeriodSeconds"]
    assert deployment(rendered)["spec"]["progressDeadlineSeconds"] >= old + startup(engine(rendered))


@pytest.mark.parametrize(
    "fields",
    [
        {"progressDeadlineSeconds": 600, "startupProbe": {"periodSeconds": 10, "failureThreshold": 60}},
        {"progressDeadlineSeconds": 600, "startupProbe": {"periodSeconds": 10, "failureThreshold": 120}},
        {"progressDeadlineSeconds": 8, "drainSeconds": 0, "startupProbe": {"periodSeconds": 1, "failureThreshold": 5}},
    ],
    ids=["kubernetes-default", "half-of-the-start", "shorter-than-the-old-pod"],
)
def test_a_short_deadline_is_noted_and_kept(render: Render, notes: Say, fields: dict[str, Any]) -> None:
    values = one(loadSeconds=5, persistentVolumes=[CLAIM], **fields)
    assert deployment(render(values))["spec"]["progressDeadlineSeconds"] == fields["progressDeadlineSeconds"]
    assert "modelGroups.a.progressDeadlineSeconds: Kubernetes reports a rollout as failed" in notes(values)


@pytest.mark.parametrize("probe", [{"periodSeconds": 2_000_000, "failureThreshold": 2_000_000}])
def test_a_computed_deadline_fits_into_its_field(render: Render, probe: dict[str, Any]) -> None:
    rendered = render({**one(startupProbe=probe), "onwards": {"probes": {"startup": probe}}})
    deadlines = [each["spec"]["progressDeadlineSeconds"] for each in rendered.kind("Deployment")]
    assert deadlines == [2**31 - 1, 2**31 - 1]


@pytest.mark.parametrize("sleep", [60, 900])
def test_the_grace_covers_a_hook_of_the_users_and_the_engines_own_wait(render: Render, sleep: int) -> None:
    hook = {"preStop": {"sleep": {"seconds": sleep}}}
    rendered = pod(render(one(lifecycle=hook, args=["--shutdown-timeout", "600"])))
    assert rendered["terminationGracePeriodSeconds"] > sleep + 600


@pytest.mark.parametrize("hook", [{"sleep": {"seconds": 300}}, {"exec": {"command": ["sh", "-c", "sleep 300; true"]}}])
def test_so_does_the_gateways(render: Render, hook: dict[str, Any]) -> None:
    rendered = render({"onwards": {"drainSeconds": 30, "lifecycle": {"preStop": hook}}})
    assert pod_spec(rendered["Deployment", f"{FULLNAME}-onwards"])["terminationGracePeriodSeconds"] > 300 + 30


@pytest.mark.parametrize("replicas", [2, 4])
def test_a_stateful_set_has_no_surge_to_find_gpus_for(render: Render, notes: Say, replicas: int) -> None:
    limits = {"limits": {"nvidia.com/gpu": 2}}
    values = one(balancing="perReplica", replicaCount=replicas, spareGPUs=1, resources=limits)
    assert ("StatefulSet", f"{FULLNAME}-a") in render(values)
    assert "starts new pods" not in notes(values)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (one(drainSeconds=60, requestTimeoutSeconds=61), "modelGroups.a"),
        (one(requestTimeoutSeconds=601), "modelGroups.a"),
        (
            {"externalProviders": {"p": {"preset": "openai", "modelAlias": "m", "requestTimeoutSeconds": 601}}},
            "externalProviders.p",
        ),
    ],
    ids=["engine", "gateway", "provider"],
)
def test_an_answer_that_may_outlast_its_pod_is_noted(notes: Say, values: dict[str, Any], path: str) -> None:
    assert f"{path}.requestTimeoutSeconds: a response may begin after" in notes(values)


def test_an_image_of_its_own_for_the_shell_is_no_more(refusal: Say) -> None:
    assert "shellImage" in refusal({"onwards": {"shellImage": "busybox:1.37"}})


def test_every_script_of_the_gateways_pods_runs_in_its_image(render: Render) -> None:
    rendered = render({"onwards": {"image": {"repository": "registry.example/onwards", "tag": "1.2.0"}}})
    spec = pod_spec(rendered["Deployment", f"{FULLNAME}-onwards"])
    images = {each["image"] for each in (*spec["initContainers"], *spec["containers"])}
    assert images == {"registry.example/onwards:1.2.0"}
