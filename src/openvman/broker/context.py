"""What one request is answered with: who asks, in which namespace, over which picture."""

from __future__ import annotations

from dataclasses import dataclass

from openvman.broker.sessions import Sessions
from openvman.cim.declarations import Class
from openvman.cim.errors import CIMError
from openvman.mapping.bind import BoundView
from openvman.mapping.read import Reader
from openvman.mapping.write import Writer
from openvman.messages import requests
from openvman.messages.message import ErrorMessage
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

    def known_class(self, name: str, missing: ErrorMessage = requests.NO_CLASS) -> Class:
        """The class; a CIMError of the row ``missing`` (a name in a namespace) when there is none."""
        if name not in self.view.graph:
            raise CIMError(missing, name=name, namespace=self.namespace)
        return self.view.graph[name]
