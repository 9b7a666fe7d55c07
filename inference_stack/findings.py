"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass

FAIL, WARN, UNKNOWN, OK = "fail", "warn", "unknown", "ok"


@dataclass(frozen=True)
class Finding:
    """One thing that a check found: of which object, what, why it matters, and what to do.

    `fail` will not work, `warn` works in a way that may surprise, `unknown` could not be checked, `ok` is fine.
    """

    level: str
    check: str
    object: str
    says: str
    fix: str = ""
