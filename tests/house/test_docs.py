"""The documentation is current, whole, and leads nowhere that is not there."""

import re
import tomllib

import pytest
import yaml

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def pages(root):
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").glob("*.md"))]


def anchors(page):
    """The anchors of a page's headings, as MkDocs and GitHub make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def names(requirements):
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}


def test_generated_parts_are_current(docs, capsys):
    assert docs.main(["--check"]) == 0, capsys.readouterr().out


def test_every_part_is_shown(docs, root):
    shown = {found["name"] for page in docs.PAGES for found in docs.PART.finditer(page.read_text())}
    assert shown == set(docs.PARTS)


def test_a_stale_part_is_named(docs, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- made by tools/docs.py: exit-codes -->\nold\n<!-- made until here -->\nafter\n")
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "PAGES", (page,))
    assert docs.main(["--check"]) == 1
    assert "page.md: out of date" in capsys.readouterr().out
    assert docs.main([]) == 0
    text = page.read_text()
    assert text.startswith("before\n<!--")
    assert text.endswith("<!-- made until here -->\nafter\n")
    assert "| 130 | interrupted |" in text
    assert "old" not in text
    assert docs.main(["--check"]) == 0


def test_what_has_no_explanation_is_refused(docs):
    with pytest.raises(docs.UndocumentedError, match="the thing has no explanation"):
        docs.explained("  ", "the thing")


def test_links_lead_somewhere(root):
    broken = []
    for page in pages(root):
        for target in LINK.findall(FENCE.sub("", page.read_text())):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            found = (page.parent / path) if path else page
            if not found.exists() or (anchor and anchor not in anchors(found)):
                broken.append(f"{page.name}: {target}")
    assert not broken


def test_every_page_is_in_the_menu(root):
    def listed(entry):
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values() if isinstance(entry, dict) else entry:
                yield from listed(below)

    menu = yaml.safe_load((root / "mkdocs.yml").read_text())["nav"]
    assert sorted(listed(menu)) == sorted(
        str(page.relative_to(root / "docs")) for page in (root / "docs").rglob("*.md")
    )


def test_every_dependency_has_its_reason(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())
    wanted = names(project["project"]["dependencies"])
    for group in (*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()):
        wanted |= names(group)
    rows = re.findall(r"^\| ([\w.-]+) \| (.+) \|$", (root / "docs/dependencies.md").read_text(), re.MULTILINE)
    given = {name: cells for name, cells in rows if name != "package"}
    assert {re.sub(r"\[.*", "", name) for name in wanted} == set(given)
    assert all(cells.split(" | ")[0].strip() for cells in given.values())


def test_commands_of_the_readme_are_targets(root):
    makefile = (root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][\w-]*):.*## ", makefile, re.MULTILINE))
    used = {t for page in pages(root) for t in re.findall(r"(?:^|`)make ([a-z]+)\b", page.read_text(), re.MULTILINE)}
    assert {"demo", "run"} <= used
    assert used <= targets


def test_modules_on_the_roads_exist(root):
    """The architecture names the modules on the road of a read and of a write."""
    text = (root / "docs/architecture.md").read_text()
    named = set(re.findall(r"\b((?:[a-z]+/)+[a-z_0-9]+\.py)\b", text))
    assert len(named) > 10
    places = (root / "src/openvman", root)
    assert [name for name in sorted(named) if not any((place / name).exists() for place in places)] == []
