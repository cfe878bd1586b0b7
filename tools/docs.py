"""The generated parts of the documentation: written into their pages, or with ``--check`` compared with them.

A page says where: ``<!-- made by tools/docs.py: settings -->`` … ``<!-- made until here -->``. Between the two stands
what the function of that name in PARTS makes of the code. What the code does not explain (an option without help, a
class without a description) is refused, so everything has its line.
"""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from openvman.broker.rows import ROWS, Change
from openvman.cim.declarations import Class, PropertyDeclaration
from openvman.cim.loader import load_schema
from openvman.cim.values import Value
from openvman.cli.exits import Exit
from openvman.cli.root import root
from openvman.config import reference
from openvman.config.settings import SETTINGS
from openvman.mapping.bind import BoundClass, BoundEdge, BoundView
from openvman.mapping.declare import Const, End, MethodMap
from openvman.model.actor import Role
from openvman.profiles.registrations import REGISTRATIONS
from openvman.views.standard import STANDARD

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PART: Final = re.compile(
    r"(?P<start><!-- made by tools/docs\.py: (?P<name>[\w-]+) -->\n).*?(?P<end><!-- made until here -->)", re.DOTALL
)


class UndocumentedError(Exception):
    """Something has no explanation in the code."""


def table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join((line(head), "|" + "---|" * len(head), *map(line, rows)))


def code(*words: str) -> str:
    return ", ".join(f"`{word}`" for word in words)


def explained(text: str | None, what: str) -> str:
    """The text; raises :class:`UndocumentedError` when there is none."""
    if text is None or not text.strip():
        raise UndocumentedError(f"{what} has no explanation")
    return text.strip()


# --- settings and commands --------------------------------------------------------------------------------------------


def settings() -> str:
    for setting in SETTINGS:
        explained(setting.help, f"setting {setting.name}")
    return reference.markdown()


def exit_codes() -> str:
    return table(("code", "meaning"), ((str(e.value), e.meaning) for e in Exit))


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (child := command.get_command(context, name)) is not None and not child.hidden:
                yield from _commands(child, click.Context(child, info_name=name, parent=context))


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Each option as written, and its help, without ``--help`` itself."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            record = parameter.get_help_record(context)
            written, meaning = record or (parameter.opts[0], "")
            yield written, explained(meaning, f"{context.command_path} {written}")


def _prose(text: str) -> str:
    r"""Click's help as Markdown; a paragraph after ``\b`` keeps its lines."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        "```text\n" + paragraph[1:].strip("\n") + "\n```" if paragraph.startswith("\b") else paragraph
        for paragraph in paragraphs
    )


def commands() -> str:
    top = click.Context(root, info_name="vman")
    found = list(_commands(root, top))
    remote = [options for options in (dict(_options(*one)) for one in found) if any("--server" in o for o in options)]
    often = [option for option in remote[0].items() if all(option in options.items() for options in remote)]
    flags = {setting.flag for setting in SETTINGS}
    parts = [
        "### Options of every command that talks to a server",
        table(("option", "meaning"), ((code(written), meaning) for written, meaning in often)),
    ]
    for command, context in found:
        path = context.command_path
        usage = " ".join(command.collect_usage_pieces(context))
        depth = min(path.count(" ") + 2, 3)
        parts += [
            f"{'#' * depth} {path}",
            f"```text\n{path} {usage}\n```",
            _prose(explained(command.help, path)),
        ]
        if isinstance(command, click.Group):
            continue
        own = list(_options(command, context))
        rows = [(w, m) for w, m in own if (w, m) not in often and (path != "vman serve" or w.split()[0] not in flags)]
        if rows:
            parts.append(table(("option", "meaning"), ((code(written), meaning) for written, meaning in rows)))
        if path == "vman serve":
            parts.append("And an option for each [setting](configuration.md).")
        if often[0] in own:
            parts.append("And the options of every command that talks to a server.")
    return "\n\n".join(parts)


# --- what CIM clients see ---------------------------------------------------------------------------------------------


def _view() -> BoundView:
    return BoundView(STANDARD, load_schema())


def _meaning(declaration: PropertyDeclaration) -> str:
    found = declaration.qualifiers.get("Description")
    return "" if found is None or found.value is None else str(found.value)


def _type(declaration: PropertyDeclaration) -> str:
    kind = declaration.reference_class or str(declaration.type)
    return f"{kind}[]" if declaration.is_array else kind


def _role(role: Role) -> str:
    return role.name.lower()


def namespaces() -> str:
    return table(
        ("namespace", "other names", "holds"),
        (
            (code(names[0]), code(*names[1:]), "profile registration" if space.name == "INTEROP" else "everything else")
            for space, names in STANDARD.namespaces.items()
        ),
    )


def profiles() -> str:
    return table(
        ("specification", "profile", "version"),
        ((row.specification, row.name, row.version) for row in REGISTRATIONS),
    )


def operations() -> str:
    return table(
        ("operation", "least role"),
        (
            (code(name), _role(row.role) + (" or what the class asks for" if isinstance(row, Change) else ""))
            for name, row in ROWS.items()
        ),
    )


def _value(value: Value) -> str:
    if isinstance(value, tuple):
        return code(*map(str, value)) or "empty"
    return code(str(value))


def _property_rows(bound: BoundClass, declaration: Class) -> Iterator[tuple[str, ...]]:
    for name, source in sorted(bound.map.sources.items(), key=lambda item: item[0] not in bound.map.keys):
        declared = declaration.properties[name]
        notes = []
        if name in bound.map.keys:
            notes.append("key")
        if source.write is not None:
            when = {(True, True): "written", (True, False): "written when defined", (False, True): "written later"}
            notes.append(when[source.write.defining, source.write.modifying])
        value = f"Always {_value(source.value)}. " if isinstance(source, Const) else ""
        yield code(name), _type(declared), ", ".join(notes), value + _meaning(declared)


def _method_rows(methods: Iterable[MethodMap]) -> Iterator[tuple[str, ...]]:
    for method in methods:
        returns = ", ".join(f"{number} {problem.name.lower()}" for problem, number in method.returns.items())
        yield code(method.name), code(*method.inputs), code(*method.outputs), _role(method.permission), returns


def classes() -> str:
    parts = []
    for bound in sorted(_bound(BoundClass), key=lambda b: b.class_name):
        declared = bound.map
        parts += [
            f"### {bound.class_name}",
            _headline(bound),
            table(("property", "type", "", "meaning"), _property_rows(bound, bound.declaration)),
        ]
        if declared.methods:
            head = ("method", "parameters in", "parameters out", "least role", "return codes beside 0")
            parts.append(table(head, _method_rows(declared.methods)))
        changes = {"Modify": declared.modify, "Create": declared.create, "Delete": declared.delete}
        parts += [
            f"{name}Instance needs the role {_role(c.permission)}." for name, c in changes.items() if c is not None
        ]
    return "\n\n".join(parts)


def _headline(bound: BoundClass) -> str:
    origin = f" Derives from `{bound.map.cim}`." if bound.map.derived else " A class of the schema, shown as it is."
    return explained(bound.map.description, bound.class_name) + origin


def associations() -> str:
    view = _view()

    def end(end: End) -> str:
        names = list(dict.fromkeys(view.name_of(classmap) for classmap in end.maps))
        return f"`{end.role}`: {code(*names)}"

    return table(
        ("association", "one end", "the other", "clause"),
        (
            (code(bound.class_name), end(bound.edge.left), end(bound.edge.right), bound.edge.clause)
            for bound in sorted(_bound(BoundEdge), key=lambda b: (b.class_name, b.edge.clause))
        ),
    )


def _bound(kind: type[Any]) -> list[Any]:
    """The view's classes, or its edges, each once."""
    view = _view()
    spaces = (view.concrete(names[0], name) for names in STANDARD.namespaces.values() for name in _tops(view))
    return [bound for bound in dict.fromkeys(b for found in spaces for b in found) if isinstance(bound, kind)]


def _tops(view: BoundView) -> list[str]:
    return list(view.graph.subclasses(None, deep=False))


# --- the code's own order ---------------------------------------------------------------------------------------------


def imports() -> str:
    """The contracts of tools/imports.toml, turned round: what each folder may import."""
    contracts = tomllib.loads((ROOT / "tools/imports.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    may: dict[str, list[str]] = {}
    for contract in contracts["contracts"]:
        if contract["type"] != "protected":
            continue
        for module in contract["protected_modules"]:
            name = module.removeprefix("openvman.")
            may.setdefault(name.partition(".")[0], [])
            for importer in contract["allowed_importers"]:
                folder = importer.removeprefix("openvman.")
                if folder != name.partition(".")[0]:
                    may.setdefault(folder, []).append(name)
    return table(
        ("folder", "may import"), ((code(f), code(*sorted(names)) or "none of ours") for f, names in may.items())
    )


PARTS: Final[dict[str, Callable[[], str]]] = {
    "settings": settings,
    "commands": commands,
    "exit-codes": exit_codes,
    "namespaces": namespaces,
    "profiles": profiles,
    "operations": operations,
    "classes": classes,
    "associations": associations,
    "imports": imports,
}


def renewed(text: str) -> str:
    """A page's text with its parts made anew. KeyError for a part that is not in PARTS."""
    return PART.sub(lambda found: found["start"] + "\n" + PARTS[found["name"]]().strip() + "\n\n" + found["end"], text)


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` name those that are out of date."""
    stale = []
    try:
        for page in PAGES:
            old = page.read_text(encoding="utf-8")
            new = renewed(old)
            if new != old:
                stale.append(page)
                if "--check" not in arguments:
                    page.write_text(new, encoding="utf-8")
    except UndocumentedError as gap:
        print(gap)
        return 1
    for page in stale:
        name = page.relative_to(ROOT)
        print(f"{name}: out of date, run tools/docs.py" if "--check" in arguments else f"{name}: written")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
