"""Write a small file, read it in a format."""

from __future__ import annotations

from pathlib import Path

from qianmian.bootstrap import load_formats
from qianmian.connectors.format import FormatOptions
from qianmian.runtime.source import Row

FORMATS = load_formats()


def read(
    folder: Path, name: str, content: str | bytes, mapping: str | None = None
) -> tuple[list[Row], list[tuple[int, str]]]:
    """The rows, and (line, reason) of the rejections."""
    path = folder / "log"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    options = FormatOptions()
    if mapping is not None:
        options = FormatOptions(mapping=folder / "mapping.yaml")
        (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    chunks = list(FORMATS[name].read(path, options))
    rows = [row for chunk in chunks for row in chunk.rows]
    return rows, [(r.line, r.reason) for chunk in chunks for r in chunk.rejected]
