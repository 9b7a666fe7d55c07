"""A lock: a values file with the digest of each image, as its registry has it now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from inference_stack.errors import StackError
from inference_stack.programs import run

HEAD = """\
# Written by `helm inference-stack images --lock`, for the values it was made of: helm install ... -f {name}
# An image whose name or tag changes is not in it: write it again.
"""
HINT = """\
No lock was written, and one that is there is as it was. Ask from where the registries can be reached, with crane logged
in to them (crane auth login), and keep the file with the values. Behind a mirror, ask that: the values name it."""


def digests(references: Iterable[str]) -> dict[str, str]:
    """The digest of each image that has none of its own, by its name; of all platforms where there are several.

    Raises:
        StackError: a registry did not tell one; with all of those.
    """
    found, failed = {}, []
    for each in references:
        if "@" in each:
            continue
        done = run("crane", ["digest", each])
        answer = done.stdout.strip()
        if done.returncode == 0 and re.fullmatch(r"sha256:[0-9a-f]{64}", answer):
            found[each] = answer
        else:
            says = (done.stderr.strip() or answer or "no answer").splitlines()[-1]
            failed.append(f"  {each}: {says.removeprefix('Error: ')}")
    if failed:
        raise StackError("\n".join(["No digest of:", *failed]), HINT)
    return found


def write(file: Path, found: Mapping[str, str]) -> None:
    """Write the values file, at once: it is never half a one."""
    lines = [f'    "{name}": {digest}' for name, digest in sorted(found.items())]
    text = HEAD.format(name=file.name) + "images:\n  digests:" + ("\n" + "\n".join(lines) if lines else " {}") + "\n"
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StackError(f"{file} cannot be written: {error.strerror}.") from error
