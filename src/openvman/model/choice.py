"""What a host's offer makes of the lists of preference in ``model.defaults``."""

from __future__ import annotations

from dataclasses import replace

from openvman.model import defaults
from openvman.model.allocation import DeviceKind, DiskKind, NicConnection
from openvman.model.host import Host, HostFacts
from openvman.model.spec import DeviceSpec
from openvman.model.storage import FILE_POOLS
from openvman.model.validation import target_prefix


def usual_bus(kind: DiskKind, host: Host, target: str | None = None) -> str | None:
    """The first bus that the host offers and the kind can be on; one that suits the target, if that is given."""
    offered = host.facts.disk_buses
    preferred = [bus for bus in defaults.DISK_BUSES[kind] if bus in offered]
    candidates = preferred + [bus for bus in offered if bus not in defaults.TARGET_PREFIXES]
    suiting = (bus for bus in candidates if target is not None and target.startswith(target_prefix(bus)))
    return next(suiting, None) or next(iter(candidates), None)


def usual_formats(storage: str | None) -> tuple[str, ...]:
    """The formats that a new image may have, the usual one first; ``storage`` is the type of the hypervisor's own
    storage pool that it is made in, if it is.
    """
    if storage is not None and storage not in FILE_POOLS:
        return (defaults.UNKNOWN_FORMAT,)
    return (defaults.IMAGE_FORMAT, *(other for other in defaults.SUFFIX_OF_FORMAT if other != defaults.IMAGE_FORMAT))


def usual_nic_model(host: Host) -> str | None:
    """The model that a NIC gets; None where the host has no choice of models."""
    models = host.facts.nic_models
    return next((model for model in (*defaults.NIC_MODELS, *models) if model in models), None)


def usual_network(host: Host) -> str | None:
    """The virtual network that a NIC joins; None where the host has none for all."""
    return defaults.NETWORK if host.facts.has_networks and defaults.NETWORK in host.network_names else None


def usual_connection(host: Host) -> tuple[NicConnection, str | None]:
    """The usual network, or else user-mode networking; where there is neither, a network that must be named."""
    network = usual_network(host)
    if network is None and NicConnection.USER in host.facts.nic_connections:
        return NicConnection.USER, None
    return NicConnection.NETWORK, network


def usual_device(device: DeviceSpec, facts: HostFacts) -> DeviceSpec:
    """The device with what its kind is usually like where nothing is said of it."""
    if device.kind is None:
        return device
    preferred = defaults.DEVICES.get(device.kind, {})
    usual = {setting: values[0] for setting, values in preferred.items()}
    types, backends = facts.device_types.get(device.kind), facts.device_backends.get(device.kind)
    if types is not None:
        usual["type"] = next((t for t in (*preferred.get("type", ()), *types) if t in types), "")
    if backends == ():
        usual.pop("backend", None)  # there is nothing to choose
    elif backends is not None:  # of the others, none would be usual
        usual["backend"] = next((b for b in preferred.get("backend", ()) if b in backends), "")
    full = replace(device, **{name: value for name, value in usual.items() if getattr(device, name) is None})  # type: ignore[arg-type]  # texts all
    if full.kind is DeviceKind.RNG and full.backend == "random" and full.source is None:
        return replace(full, source=defaults.ENTROPY)
    if full.kind is DeviceKind.GRAPHICS and full.type == "vnc" and full.keymap is None:
        return replace(full, keymap=defaults.KEYMAP)
    return full
