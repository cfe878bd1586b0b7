"""The table of settings: each row is a field of :class:`Settings`, and :data:`SETTINGS` lists the rows.

Nothing else names a setting twice: its TOML key is the row's name, its environment variable ``OPENVMAN_`` and the name
in capitals, its option ``--`` and the name with hyphens (a list's option is the row's singular ``flag``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

from openvman.config.kinds import (
    ADDRESS,
    COUNT,
    DURATION,
    NETWORK,
    PATH,
    PLATFORM,
    SIZE,
    TEXT,
    Address,
    AnyKind,
    IPNetwork,
    Many,
    choice,
)

PREFIX: Final = "OPENVMAN_"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a default may depend on: the environment, and the rows above it."""

    environment: Mapping[str, str]
    above: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """What a setting's declaration says. ``default`` is the value or a function of the :class:`Surroundings`."""

    kind: AnyKind
    default: Any
    help: str
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row with its name."""

    name: str
    kind: AnyKind
    default: Any
    help: str
    flag: str

    @property
    def env(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def many(self) -> bool:
        return isinstance(self.kind, Many)

    def default_in(self, surroundings: Surroundings) -> Any:
        return self.default(surroundings) if callable(self.default) else self.default

    def show(self, value: Any) -> str:
        """The value as it would be written, or the empty text when unset."""
        return "" if value is None else self.kind.show(value)


def _state(surroundings: Surroundings) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/openvman")
    base = surroundings.environment.get("XDG_STATE_HOME", "")
    # The XDG Base Directory Specification: a relative value is to be ignored.
    return (Path(base) if base.startswith("/") else Path.home() / ".local/state") / "openvman"


def _image_roots(surroundings: Surroundings) -> tuple[Path, ...]:
    own, libvirt = surroundings.above["state"] / "images", Path("/var/lib/libvirt/images")
    # New images go to the first. A system hypervisor runs as a user of its own, who cannot enter the state directory.
    return (libvirt, own) if os.geteuid() == 0 and libvirt.is_dir() else (own, libvirt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting's value. Made by :func:`openvman.config.load.load`, which also checks them against each other."""

    platforms: Annotated[
        tuple[str, ...],
        Row(
            Many(PLATFORM),
            (),
            "The platforms to manage: libvirt URIs as they are, or sim://?hosts=10&vms=20. Without one: this machine's "
            "own libvirt if it answers, else an embedded QEMU, else a simulation.",
            flag="--platform",
        ),
    ]
    state: Annotated[
        Path,
        Row(
            PATH,
            _state,
            "The state directory: users, keys, jobs. /var/lib/openvman for root, else openvman below $XDG_STATE_HOME.",
        ),
    ]
    listen: Annotated[
        tuple[Address, ...],
        Row(
            Many(ADDRESS),
            (Address("127.0.0.1", 5988),),
            "Where to listen for plain HTTP. IPv6 in brackets; none switches it off.",
        ),
    ]
    tls_listen: Annotated[
        tuple[Address, ...],
        Row(
            Many(ADDRESS),
            (Address("127.0.0.1", 5989),),
            "Where to listen for HTTPS. IPv6 in brackets; none switches it off.",
        ),
    ]
    tls_certificate: Annotated[
        Path | None,
        Row(
            PATH, None, "The server's certificate with its chain (PEM). Without one, a pair is made at the first start."
        ),
    ]
    tls_key: Annotated[Path | None, Row(PATH, None, "The private key of tls_certificate (PEM, without a password).")]
    client_certificates: Annotated[
        str,
        Row(
            choice("off", "optional", "required"),
            "off",
            "Whether clients may or must show a certificate signed by client_ca. Its common name is the user's name.",
        ),
    ]
    client_ca: Annotated[Path | None, Row(PATH, None, "The authority that signs client certificates (PEM).")]
    client_crl: Annotated[Path | None, Row(PATH, None, "The revoked client certificates, signed by client_ca (PEM).")]
    auth: Annotated[
        str,
        Row(
            choice("basic", "none"),
            "basic",
            "How clients prove who they are. none lets everyone in as admin; refused unless every address is loopback.",
        ),
    ]
    max_body: Annotated[int, Row(SIZE, 64 * 2**20, "The largest request body; a larger one is answered 413.")]
    max_header: Annotated[int, Row(SIZE, 32 * 2**10, "The largest request head; a larger one is answered 431.")]
    max_connections: Annotated[
        int, Row(COUNT, 1024, "How many connections may be open at once; more are answered 503.")
    ]
    header_timeout: Annotated[float, Row(DURATION, 20.0, "How long a client may take to send a request's head.")]
    body_timeout: Annotated[float, Row(DURATION, 120.0, "How long a client may take to send a request's body.")]
    idle_timeout: Annotated[float, Row(DURATION, 75.0, "How long a connection is kept open between two requests.")]
    max_enumerations: Annotated[int, Row(COUNT, 32, "How many pulled enumerations a user may have open at once.")]
    operation_timeout: Annotated[
        float, Row(DURATION, 60.0, "How long an open enumeration waits for its next pull when the client did not say.")
    ]
    max_operation_timeout: Annotated[float, Row(DURATION, 600.0, "The longest operation timeout a client may ask for.")]
    answer_within: Annotated[
        float,
        Row(
            DURATION,
            20.0,
            "How long a method waits for its job; after that it answers with the job, which goes on.",
        ),
    ]
    jobs_per_host: Annotated[int, Row(COUNT, 8, "How many jobs are done on a host at a time; the others wait.")]
    max_jobs: Annotated[int, Row(COUNT, 1000, "How many jobs that have not ended a user may have.")]
    jobs_kept: Annotated[
        int, Row(COUNT, 10_000, "How many ended jobs are kept at most, until each goes away in its own time.")
    ]
    jobs_shown: Annotated[
        str,
        Row(
            choice("all", "own"),
            "all",
            "Whose jobs users without the admin role see: all, or their own, in answers, indications and events alike.",
        ),
    ]
    image_roots: Annotated[
        tuple[Path, ...],
        Row(
            Many(PATH),
            _image_roots,
            "The folders where users without the admin role may keep disk images; new ones are made in the first. "
            "Default: images below the state directory, and /var/lib/libvirt/images (first for root, if it exists).",
            flag="--image-root",
        ),
    ]
    bridges: Annotated[
        tuple[str, ...],
        Row(
            Many(TEXT),
            (),
            "The host's bridges that users without the admin role may connect virtual machines to.",
            flag="--bridge",
        ),
    ]
    listener_networks: Annotated[
        tuple[IPNetwork, ...],
        Row(
            Many(NETWORK),
            (),
            "The only networks that indications are sent to. Without one: every address but link-local, multicast and "
            "reserved ones, and loopback addresses for administrators only.",
            flag="--listener-network",
        ),
    ]
    listener_ca: Annotated[
        Path | None,
        Row(PATH, None, "The authority that signs the certificates of listeners (PEM). Without one: the system's."),
    ]
    listener_timeout: Annotated[float, Row(DURATION, 15.0, "How long a listener may take to answer one indication.")]
    max_undelivered: Annotated[
        int, Row(COUNT, 100_000, "How many indications may wait for one listener; then the oldest are dropped.")
    ]
    max_subscriptions: Annotated[
        int,
        Row(COUNT, 64, "How many filters, destinations and subscriptions a user without the admin role may have each."),
    ]
    reconcile_interval: Annotated[
        float, Row(DURATION, 300.0, "How often a platform is read as a whole, to correct what its events did not tell.")
    ]
    call_deadline: Annotated[float, Row(DURATION, 30.0, "How long one call of a hypervisor may take.")]
    shutdown_grace: Annotated[
        float, Row(DURATION, 30.0, "How long requests under way may go on when the server is asked to stop.")
    ]
    log_format: Annotated[str, Row(choice("text", "json"), "text", "How log lines are written, on standard error.")]
    log_level: Annotated[
        str, Row(choice("debug", "info", "warning", "error"), "info", "The least severe log lines that are written.")
    ]


SETTINGS: Final[tuple[Setting, ...]] = tuple(
    Setting(name, row.kind, row.default, row.help, row.flag or "--" + name.replace("_", "-"))
    for name, hint in get_type_hints(Settings, include_extras=True).items()
    for row in hint.__metadata__
)
"""Every row, in the order of the reference page."""
