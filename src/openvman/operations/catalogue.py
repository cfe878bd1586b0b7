"""The use cases by the names that declarations give them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from openvman.operations.console_records import ConsoleRecords
from openvman.operations.operations import Operations


def use_cases(operations: Operations) -> Mapping[str, Callable[..., Awaitable[Any]]]:
    """Each takes the actor and keyword arguments."""
    console = ConsoleRecords(operations.read_console)
    return {
        "define_system": operations.define_system,
        "destroy_system": operations.destroy_system,
        "modify_system": operations.modify_system,
        "modify_resources": operations.modify_resources,
        "add_resources": operations.add_resources,
        "remove_resources": operations.remove_resources,
        "change_state": operations.change_state,
        "change_boot_order": operations.change_boot_order,
        "create_child_pool": operations.create_child_pool,
        "create_pool": operations.create_pool,
        "add_to_pool": operations.add_to_pool,
        "remove_from_pool": operations.remove_from_pool,
        "delete_pool": operations.delete_pool,
        "change_parent_pool": operations.change_parent_pool,
        "first_console_record": console.first,
        "console_record": console.record,
    }
