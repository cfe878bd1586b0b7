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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import click

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benchmarks are no package of the environment

from benchmarks import report, result
from openvman.broker.rows import ROWS, Change
from openvman.cim.declarations import Class, PropertyDeclaration
from openvman.cim.loader import load_schema
from openvman.cim.status import Status
from openvman.cim.values import Value
from openvman.cli.exits import Exit
from openvman.cli.root import root
from openvman.client.fields import CLOUD_INIT, RESOURCES, SYSTEM
from openvman.config import reference
from openvman.config.settings import SETTINGS
from openvman.mapping.bind import BoundClass, BoundEdge, BoundView, View
from openvman.mapping.declare import Const, End, WriteOnly
from openvman.mapping.methods import MethodMap
from openvman.messages.message import AlertMessage, ErrorMessage, Message, readable
from openvman.messages.registry import SUBJECTS, kind_of, rows
from openvman.model.actor import Role
from openvman.profiles.registrations import REGISTRATIONS
from openvman.views.everything import LIBVIRT_CIM, VIEWS
from openvman.views.standard import STANDARD

COMPATIBLE: Final = LIBVIRT_CIM[0]
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


@cache
def _view() -> BoundView:
    return BoundView(VIEWS, load_schema())


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
        ((code(space.namespaces[0]), code(*space.namespaces[1:]), space.description) for space in STANDARD.spaces),
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
        if isinstance(source, WriteOnly):
            notes.append("never read")
        value = f"Always {_value(source.value)}. " if isinstance(source, Const) else ""
        yield code(name), _type(declared), ", ".join(notes), value + _meaning(declared)


def _method_rows(methods: Iterable[MethodMap]) -> Iterator[tuple[str, ...]]:
    for method in methods:
        returns = ", ".join(f"{number} {problem.name.lower()}" for problem, number in method.returns.items())
        yield code(method.name), code(*method.inputs), code(*method.outputs), _role(method.permission), returns


def classes() -> str:
    return _classes(STANDARD)


def compatible_classes() -> str:
    """Those of one family; the others have the same under their own prefixes."""
    return _classes(COMPATIBLE)


def _classes(view: View) -> str:
    parts = []
    for bound in sorted(_shown(view), key=lambda b: b.class_name):
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
    return _associations(STANDARD)


def compatible_associations() -> str:
    return _associations(COMPATIBLE)


def compatible_bases() -> str:
    rows = ((code(f"{COMPATIBLE.prefix}_{b.name}"), code(b.cim), b.description) for b in COMPATIBLE.bases)
    return table(("class", "derives from", "is for"), rows)


def compatible_indications() -> str:
    rows = ((code(f"{COMPATIBLE.prefix}_{t.name}"), code(t.cim), t.description) for t in COMPATIBLE.indications)
    return table(("class", "derives from", "tells"), rows)


def _associations(of: View) -> str:
    view = _view()

    def end(end: End) -> str:
        names = list(dict.fromkeys(view.name_of(classmap) for classmap in end.maps))
        return f"`{end.role}`: {code(*names)}"

    return table(
        ("association", "one end", "the other", "clause"),
        (
            (code(bound.class_name), end(bound.edge.left), end(bound.edge.right), bound.edge.clause)
            for bound in sorted(_bound(BoundEdge, of), key=lambda b: (b.class_name, b.edge.clause))
        ),
    )


def _bound(kind: type[Any], of: View = STANDARD) -> list[Any]:
    """The view's classes, or its edges."""
    view = _view()
    every: list[Any] = [*(view.bound[classmap] for classmap in of.classes), *view.edges]
    return [b for b in every if isinstance(b, kind) and (not isinstance(b, BoundEdge) or b.edge in of.edges)]


def _shown(of: View) -> list[BoundClass]:
    """The view's classes by name: of class maps with the same, the first."""
    found: dict[str, BoundClass] = {}
    for bound in _bound(BoundClass, of):
        found.setdefault(bound.class_name, bound)
    return list(found.values())


# --- messages ---------------------------------------------------------------------------------------------------------


def messages() -> str:
    """A table for each subject."""

    def told(row: Message) -> tuple[str, ...]:
        kind = kind_of(row)
        if isinstance(row, ErrorMessage):
            kind += f", {code('CIM_ERR_' + Status(row.kind.status).name)}"
        elif isinstance(row, AlertMessage):
            kind += f", {code(row.event)}"
        return code(row.id), kind, readable(row.text, "`{}`"), readable(row.action, "`{}`")

    parts = []
    for subject in SUBJECTS:
        title = explained(subject.__doc__, subject.__name__).partition(". ")[0].rstrip(".")
        parts += [f"### {title}", table(("id", "kind", "text", "what to do"), map(told, rows(subject).values()))]
    return "\n\n".join(parts)


# --- conformance ------------------------------------------------------------------------------------------------------

REASONS: Final = ("not applicable: ", "not yet: ")
"""How the reason for something missing begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A class or association that a profile asks for, from ``tools/conformance/``, beside what declares it.

    ``shown`` are the names of the declarations, ``has`` the properties and methods that all of them have.
    """

    profile: str
    cim: str
    label: str
    basis: str
    mandatory: tuple[str, ...]
    recommended: tuple[str, ...]
    missing: dict[str, str]
    shown: tuple[str, ...]
    has: frozenset[str]

    @property
    def lacking(self) -> list[str]:
        """What is asked for and not there; ``element`` for the whole."""
        return (
            [name for name in (*self.mandatory, *self.recommended) if name not in self.has]
            if self.shown
            else ["element"]
        )


def asked_for() -> list[dict[str, Any]]:
    """The profiles of ``tools/conformance/``, a file each."""
    files = sorted((ROOT / "tools/conformance").glob("*.toml"))
    return [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]


def _declares(bound: BoundClass | BoundEdge, row: dict[str, Any]) -> bool:
    if not bound.view.graph.is_a(bound.class_name, row["class"]):
        return False
    if isinstance(bound, BoundClass):
        return bound.map.name in row.get("shown_by", (bound.map.name,))
    ends = [{classmap.name for classmap in end.maps} for end in (bound.edge.left, bound.edge.right)]
    between = row.get("between")
    return between is None or any(
        one in ends[0] and other in ends[1] for one, other in (between, tuple(reversed(between)))
    )


def _members(bound: BoundClass | BoundEdge) -> set[str]:
    if isinstance(bound, BoundEdge):
        return set(bound.edge.properties)
    return {*bound.map.sources, *(method.name for method in bound.map.methods)}


def elements(profile: dict[str, Any]) -> list[Element]:
    """What a profile asks for, compared with the declarations."""
    found = []
    everything = [*_bound(BoundClass), *_bound(BoundEdge)]
    for row in profile["element"]:
        declared = [bound for bound in everything if _declares(bound, row)]
        joins = " - ".join(row["between"]) if "between" in row else ", ".join(row.get("shown_by", ()))
        found.append(
            Element(
                profile=profile["specification"],
                cim=row["class"],
                label=code(row["class"]) + (f" ({joins})" if joins else ""),
                basis=row["basis"],
                mandatory=tuple(row.get("mandatory", ())),
                recommended=tuple(row.get("recommended", ())),
                missing=dict(row.get("missing", {})),
                shown=tuple(dict.fromkeys(b.class_name for b in declared)),
                has=frozenset(set.intersection(*map(_members, declared)) if declared else ()),
            )
        )
    return found


def _conformance_rows(profile: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for element in elements(profile):
        reasons = [
            ("" if name == "element" else f"`{name}`: ")
            + explained(element.missing.get(name), f"that {element.profile} {element.label} lacks {name}")
            for name in element.lacking
        ]
        asked = {*element.mandatory, *element.recommended}
        yield (
            element.label,
            element.basis,
            code(*element.shown) or "-",
            code(*(name for name in element.mandatory if name in element.has)),
            code(*(name for name in element.recommended if name in element.has)),
            code(*sorted(element.has - asked)),
            "; ".join(reasons),
        )


def conformance() -> str:
    registered = {row.specification: row.version for row in REGISTRATIONS}
    head = ("asked for", "", "here", "mandatory", "recommended", "more", "missing, and why")
    parts = []
    for profile in asked_for():
        number = profile["specification"]
        version = registered.get(number)
        says = f"Version {version}, registered." if version else f"Version {profile['version']}, not registered."
        parts += [f"## {number} {profile['name']}", profile.get("note", says), table(head, _conformance_rows(profile))]
    return "\n\n".join(parts)


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


def descriptions() -> str:
    """What a file can say, by its sections, with the property that each key is."""

    def rows() -> Iterator[tuple[str, str, str]]:
        for key, section in {"": SYSTEM, "cloud_init": CLOUD_INIT, **RESOURCES}.items():
            at = key + ("[]" if section.many else "") + "." if key else ""
            for field in section.fields:
                if field.key != "code":
                    yield code(at + field.key), code(field.property), code(section.class_name)

    return table(("key", "property", "class"), rows())


# --- speed ------------------------------------------------------------------------------------------------------------


def performance_machine() -> str:
    """What the stored result was measured on, and when."""
    stored = result.read(result.STORED)
    machine = stored.machine
    return (
        f"Measured on {stored.at[:10]} with openvman {stored.openvman}: {machine['processors']} processors "
        f"({machine['processor']}), {machine['memory_bytes'] / 2**30:.0f} GiB, Linux {machine['kernel']}, "
        f"Python {machine['python']}."
    )


def performance_targets() -> str:
    """The figures that have a target."""
    head = ("what", "ours", "spread", "beside it", "its value", "ratio", "target", "met", "libvirt-cim")

    def rows() -> Iterator[tuple[str, ...]]:
        for figure in result.read(result.STORED).figures:
            if figure.met is not None:
                _benchmark, what, ours, spread, _cpu, *rest = report.cells(figure)
                yield (what, ours, spread, *rest, figure.peer)

    return table(head, rows())


def performance_figures() -> str:
    """All figures."""
    return report.markdown(result.read(result.STORED).figures)


PARTS: Final[dict[str, Callable[[], str]]] = {
    "settings": settings,
    "commands": commands,
    "exit-codes": exit_codes,
    "namespaces": namespaces,
    "profiles": profiles,
    "operations": operations,
    "classes": classes,
    "associations": associations,
    "compatible-classes": compatible_classes,
    "compatible-bases": compatible_bases,
    "compatible-associations": compatible_associations,
    "compatible-indications": compatible_indications,
    "messages": messages,
    "conformance": conformance,
    "imports": imports,
    "descriptions": descriptions,
    "performance-machine": performance_machine,
    "performance-targets": performance_targets,
    "performance-figures": performance_figures,
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
