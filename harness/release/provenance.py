"""How a package came to be, as a SLSA provenance predicate (https://slsa.dev/spec/v1.1/provenance).

Releases get theirs from GitHub's own attestation, which says more (the runner, the run). This one is for the rehearsal,
so that attaching and verifying a provenance is rehearsed too.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from harness.helm import Helm
from harness.release.package import Package


def slsa(package: Package, home: str, builder: str) -> str:
    """The predicate as JSON: this repository (`home`, a URL) at the package's commit, packaged by `builder` (a URI)."""
    made = datetime.fromtimestamp(package.commit.epoch, UTC).isoformat()
    predicate: dict[str, Any] = {
        "buildDefinition": {
            "buildType": f"{home}/tree/main/harness/release",
            "externalParameters": {"repository": home, "version": package.version},
            "internalParameters": {"SOURCE_DATE_EPOCH": package.commit.epoch, "helm": Helm().version},
            "resolvedDependencies": [{"uri": f"git+{home}", "digest": {"gitCommit": package.commit.revision}}],
        },
        "runDetails": {"builder": {"id": builder}, "metadata": {"startedOn": made, "finishedOn": made}},
    }
    return json.dumps(predicate, indent=2) + "\n"
