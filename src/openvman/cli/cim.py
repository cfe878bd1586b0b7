"""``vman cim``: classes, instances and methods as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from openvman import __version__
from openvman.cli import output
from openvman.cli.connection import connecting
from openvman.cli.texts import harmless
from openvman.client.errors import ClientError, Reason
from openvman.messages.message import Message, readable
from openvman.messages.registry import MESSAGES, find, kind_of

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.vman import Client

NAMESPACE = click.option(
    "--namespace", "-n", metavar="NAME", default="root/vman", show_default=True, help="For example interop."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
PROPERTIES = click.option(
    "--property", "-p", "properties", multiple=True, metavar="NAME", help="Only this property. May be repeated."
)
PATH_HELP = """PATH is CLASS.KEY="VALUE",… as `vman cim enum --names` prints it; quote it for the shell. A class name
alone means the class's only instance."""


@click.group("cim")
def command() -> None:
    """Classes, instances and methods as they are, for those who know CIM."""


@command.command("enum")
@connecting
@click.argument("class_name", metavar="CLASS")
@NAMESPACE
@PROPERTIES
@click.option("--names", is_flag=True, help="Only their paths.")
@JSON
def enumerate_instances(
    client: Client, class_name: str, properties: tuple[str, ...], names: bool, as_json: bool
) -> None:
    """Print all instances of a class and its subclasses."""
    from openvman.cli.cim_values import print_instances, print_paths  # noqa: PLC0415 - imports pywbem

    found = client.session.enumerate(class_name, list(properties) or None)
    if names:
        print_paths([instance.path for instance in found], as_json)
    else:
        print_instances(found, as_json)


@command.command(help=f"Print one instance.\n\n{PATH_HELP}")
@connecting
@click.argument("path")
@NAMESPACE
@PROPERTIES
@JSON
def get(client: Client, path: str, properties: tuple[str, ...], as_json: bool) -> None:
    from openvman.cli.cim_values import parse_path, print_instances  # noqa: PLC0415 - imports pywbem

    found = client.session.get(parse_path(client.session, path), list(properties) or None)
    print_instances([found], as_json)


@command.command(help=f"Print the instances associated with one.\n\n{PATH_HELP}")
@connecting
@click.argument("path")
@NAMESPACE
@click.option("--assoc-class", metavar="CLASS", help="Only through this association.")
@click.option("--result-class", metavar="CLASS", help="Only instances of this class.")
@click.option("--role", metavar="NAME", help="Only where PATH plays this role.")
@click.option("--result-role", metavar="NAME", help="Only where the other plays this role.")
@click.option("--names", is_flag=True, help="Only their paths.")
@JSON
def assoc(
    client: Client,
    path: str,
    assoc_class: str | None,
    result_class: str | None,
    role: str | None,
    result_role: str | None,
    names: bool,
    as_json: bool,
) -> None:
    from openvman.cli.cim_values import parse_path, print_instances, print_paths  # noqa: PLC0415 - imports pywbem

    start = parse_path(client.session, path)
    found = client.session.associators(start, assoc_class, result_class, role, result_role)
    if names:
        print_paths([instance.path for instance in found], as_json)
    else:
        print_instances(found, as_json)


@command.command(
    help=f"Call a method on an instance.\n\n{PATH_HELP}\n\nPARAMETER is NAME=VALUE; an array is NAME=A NAME=B. "
    "A reference is a path. Exits with 1 when the return value is not 0 or 4096."
)
@connecting
@click.argument("path")
@click.argument("method")
@click.argument("parameters", metavar="[PARAMETER]…", nargs=-1)
@NAMESPACE
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of one object.")
def invoke(client: Client, path: str, method: str, parameters: tuple[str, ...], as_json: bool) -> None:
    from openvman.cli.cim_values import parse_parameters, parse_path, plain, shown  # noqa: PLC0415 - imports pywbem

    target = parse_path(client.session, path)
    given = parse_parameters(client.session, target, method, parameters)
    result = client.session.invoke(method, target, given)
    if as_json:
        outputs = {name: plain(value) for name, value in result.outputs.items()}
        output.emit_json([{"return_value": plain(result.value), "outputs": outputs}])
    else:
        rows: list[tuple[str, Any]] = [("ReturnValue", shown(result.value))]
        output.facts(rows + [(name, shown(value)) for name, value in result.outputs.items()])
    if result.value not in (None, 0, 4096):
        raise click.exceptions.Exit(1)


@command.command()
@connecting
@click.argument("class_name", metavar="[CLASS]", required=False)
@NAMESPACE
@click.option("--mof", is_flag=True, help="Print the declaration of CLASS.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of names.")
def classes(client: Client, class_name: str | None, mof: bool, as_json: bool) -> None:
    """Print the names of all classes, or of CLASS's subclasses."""
    if mof:
        if class_name is None:
            raise click.UsageError("Say the class whose declaration to print.")
        click.echo(harmless(client.session.get_class(class_name).tomof(), keep="\n"))
        return
    found = client.session.class_names(class_name)
    if as_json:
        output.emit_json(found)
    else:
        for name in found:
            output.say(name)


@command.command()
@click.argument("id", metavar="[ID]", required=False)
@click.option("--xml", is_flag=True, help="Print the whole registry as XML (DSP0228).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
def messages(id: str | None, xml: bool, as_json: bool) -> None:
    """Print what this version's servers can tell of failures and alerts, or the one message ID. No server is asked."""
    if xml:
        if id is not None:
            raise click.UsageError("The XML is that of all messages: leave the ID out.")
        from openvman.wire.message_registry import registry_xml  # noqa: PLC0415 - imports lxml

        click.echo(registry_xml(__version__), nl=False)
        return
    found = list(MESSAGES.values()) if id is None else [_found(id)]
    if as_json:
        output.emit_json([dict(_told(row)) for row in found])
    elif id is None:
        output.table(["ID", "KIND", "TEXT"], [(row.id, kind_of(row), readable(row.text)) for row in found])
    else:
        output.facts(_told(found[0]))


def _found(id: str) -> Message:
    row = find(id.upper())
    if row is None:
        raise ClientError(Reason.NOT_FOUND, f"There is no message {id!r}: vman cim messages prints them all")
    return row


def _told(row: Message) -> list[tuple[str, str]]:
    return [
        ("id", row.id),
        ("kind", kind_of(row)),
        ("text", readable(row.text)),
        ("action", readable(row.action)),
    ]
