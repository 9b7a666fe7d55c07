"""What strangers' pods need of the network, beside what the chart's policies open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.accessors import one
from tests.support import Say

ACCOUNT = {"annotations": {"iam.gke.io/gcp-service-account": "models@project.iam.gserviceaccount.com"}}
FUSE = [{"name": "v", "csi": {"driver": "gcsfuse.csi.storage.gke.io", "volumeAttributes": {"bucketName": "b"}}}]
STREAMED = ["sh", "-c", "vllm serve gs://b/m --load-format runai_streamer"]
FILE = [{"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": "/secrets/key.json"}]
AMBIENT = {"istio.io/dataplane-mode": "ambient"}
CLOSED = "which the network policy closes"
MESH = "networkPolicy.mesh: pods are in Istio's ambient mesh"


@pytest.mark.parametrize(
    ("values", "noted"),
    [
        (one(serviceAccount=ACCOUNT), True),
        ({**one(), "modelGroupDefaults": {"serviceAccount": ACCOUNT}}, True),
        (one(serviceAccount=ACCOUNT, metadataServer=True), False),
        ({**one(serviceAccount=ACCOUNT), "networkPolicy": {"enabled": False}}, False),
        (one(serviceAccount={"annotations": {"a": "b"}}), False),
        (one(volumes=FUSE), True),
        (one(podAnnotations={"gke-gcsfuse/volumes": "true"}), True),
        (one(podAnnotations={"gke-gcsfuse/volumes": "true"}, metadataServer=True), False),
        (one(command=STREAMED), True),
        (one(modelName="gs://b/m"), True),
        (one(command=STREAMED, env=FILE), False),
        (one(command=STREAMED, envFrom=[{"secretRef": {"name": "credentials"}}]), False),
        (one(modelName="s3://b/m"), False),
    ],
    ids=[
        *("group", "defaults", "open", "no-policy", "other"),
        *("fuse", "fuse-by-claim", "fuse-open", "streamed", "address", "key-file", "key-by-reference", "another-cloud"),
    ],
)
def test_an_account_whose_tokens_are_out_of_reach_is_noted(notes: Say, values: dict[str, Any], noted: bool) -> None:
    assert (CLOSED in notes(values)) is noted


@pytest.mark.parametrize(
    ("values", "noted"),
    [
        (one(podLabels=AMBIENT), True),
        ({**one(), "onwards": {"podLabels": AMBIENT}}, True),
        ({**one(), "modelGroupDefaults": {"podLabels": AMBIENT}}, True),
        ({**one(), "commonLabels": AMBIENT}, True),
        ({**one(podLabels=AMBIENT), "networkPolicy": {"mesh": "istio-ambient"}}, False),
        ({**one(podLabels=AMBIENT), "networkPolicy": {"enabled": False}}, False),
        (one(podLabels={"istio.io/dataplane-mode": "none"}), False),
    ],
    ids=["group", "gateway", "defaults", "common", "open", "no-policy", "none"],
)
def test_pods_in_an_ambient_mesh_are_noted(notes: Say, values: dict[str, Any], noted: bool) -> None:
    assert (MESH in notes(values)) is noted
