"""Where the workbook keeps things, and writing files whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


def root() -> Path:
    """The folder of the checkout, the one that holds notebooks/ and data/.

    Raises FileNotFoundError where the package was installed without its checkout.
    """
    here = Path(os.environ.get("WORKBOOK_ROOT") or Path(__file__).resolve().parents[2])
    if not (here / "data").is_dir():
        raise FileNotFoundError(
            f"No folder data/ in {here}. The workbook runs from its own checkout: clone the repository and install "
            "it with `make lab`, or set WORKBOOK_ROOT to the checkout."
        )
    return here


def home() -> Path:
    """The learner's own folder (progress, checkpoints): WORKBOOK_HOME, or ~/.workbook. It may not exist yet."""
    return Path(os.environ.get("WORKBOOK_HOME") or "~/.workbook").expanduser()


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file so that a reader sees the old content or the new, never a part.

    The content goes to a temporary name in the same folder, which is then renamed. Raises OSError (disk full, no
    permission) and leaves what was there before.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")  # readable by others, unlike mkstemp's
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the rename must not reach the disk before the content
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def sha256(path: Path) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
