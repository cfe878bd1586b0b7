"""What one request is answered with: who asks, in which namespace, over which picture."""

from __future__ import annotations

from dataclasses import dataclass

from openvman.broker.sessions import Sessions
from openvman.cim.declarations import Class
from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.mapping.bind import BoundView
from openvman.mapping.read import Reader
from openvman.mapping.write import Writer
from openvman.model.actor import Actor
from openvman.model.picture import Picture


@dataclass(frozen=True, slots=True)
class Context:
    actor: Actor
    namespace: str
    picture: Picture
    reader: Reader
    writer: Writer
    sessions: Sessions

    @property
    def view(self) -> BoundView:
        return self.reader.view

    def known_class(self, name: str, status: Status = Status.INVALID_CLASS) -> Class:
        """The class; CIMError ``status`` when there is none."""
        if name not in self.view.graph:
            raise CIMError(status, f"There is no class {name} in namespace {self.namespace}")
        return self.view.graph[name]
