from pathlib import Path

from tools import docs


def test_a_page_that_differs_from_its_file_is_stale(tmp_path: Path) -> None:
    (tmp_path / "fresh.md").write_text("a\n", encoding="utf-8")
    (tmp_path / "old.md").write_text("a\n", encoding="utf-8")
    wanted = {"fresh.md": "a\n", "old.md": "b\n", "missing.md": "c\n"}
    differences = docs.stale(wanted, tmp_path)
    assert list(differences) == ["old.md", "missing.md"]
    assert "-a\n+b\n" in differences["old.md"]


def test_every_generator_is_collected_and_gives_pages_in_the_checkout() -> None:
    assert "tools.docs_house" in docs.generators()
    pages = docs.all_pages()
    assert len(pages) >= len(docs.generators())
    assert not [path for path in pages if path.startswith("/") or ".." in path]
