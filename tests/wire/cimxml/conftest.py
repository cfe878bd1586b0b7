"""A pywbem client whose requests are decoded and answered by the codec under test, without a network."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import pywbem
import requests
from requests.adapters import BaseAdapter

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Call, MethodCall, Response
from openvman.cim.plan import Column, InstancePlan
from openvman.cim.values import Instance
from openvman.wire.cimxml.decode import Message, decode_request
from openvman.wire.cimxml.encode import Encoder, encode_error
from openvman.wire.cimxml.errors import RequestError
from openvman.wire.cimxml.headers import check_request_headers, read_request_headers, response_headers


@dataclass
class Peer(BaseAdapter):
    """``requests`` holds what was decoded, ``bodies`` the bytes both ways; ``answer`` is what is answered."""

    answer: Response | CIMError | Callable[[Message], Response] = field(default_factory=Answer)
    messages: list[Message] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    host: str = "server.example.com"

    def __post_init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(self.host)
        self.connection = pywbem.WBEMConnection("http://127.0.0.1:1", default_namespace="root/vman")
        self.connection.session.mount("http://", self)

    @property
    def request(self) -> Call | MethodCall:
        return self.messages[-1].request

    def send(self, request, **_options):
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        self.sent.append(body)
        headers = read_request_headers("POST", {name.lower(): value for name, value in request.headers.items()})
        try:
            message = decode_request(body, charset=headers.charset)
        except RequestError as error:
            reply = encode_error(error.message_id, error.method, is_extrinsic=error.is_extrinsic, error=error.error)
        else:
            check_request_headers(headers, message)
            self.messages.append(message)
            reply = self._reply(message)
        self.received.append(reply)
        response = requests.Response()
        response.status_code = 200
        response.headers.update(response_headers(headers))
        response.raw = io.BytesIO(reply)
        response.url = request.url
        response.request = request
        return response

    def _reply(self, message: Message) -> bytes:
        answer = self.answer(message) if callable(self.answer) else self.answer
        if isinstance(answer, CIMError):
            is_extrinsic = isinstance(message.request, MethodCall)
            name = message.request.method if is_extrinsic else message.request.operation.name
            return encode_error(message.id, name, is_extrinsic=is_extrinsic, error=answer)
        return b"".join(self.encoder.encode_response(message, answer))

    def close(self) -> None:
        pass


@pytest.fixture
def peer():
    made = Peer()
    yield made
    made.connection.close()


@pytest.fixture
def message():
    """Makes the message of an intrinsic operation without arguments."""

    def make(name: str, namespace: str = "root/vman", id: str = "1001") -> Message:
        return Message(id, "1.0", Call(OPERATIONS[name], namespace, NameMap()))

    return make


@pytest.fixture
def plan_of():
    """Makes the plan that shows :class:`Instance` objects of one form; an instance of it shows how."""

    def make(sample: Instance, namespace: str = "root/vman", **options) -> InstancePlan:
        keys = () if sample.path is None else sample.path.keys
        columns = tuple(
            Column(
                p.name,
                p.type,
                lambda instance, name=p.name: instance.get(name),
                p.is_array,
                p.embedded,
                p.reference_class,
                p.class_origin,
                p.propagated,
            )
            for p in sample.properties.values()
        )
        return InstancePlan(
            sample.class_name,
            namespace,
            tuple(column for column in columns if column.name in keys),
            columns,
            **options,
        )

    return make


@pytest.fixture
def wrap():
    """Puts the content of a SIMPLEREQ into a message."""

    def make(call: str, *, id: str = "1", head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
        return (
            f'{head}<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="{id}" PROTOCOLVERSION="1.0">'
            f"<SIMPLEREQ>{call}</SIMPLEREQ></MESSAGE></CIM>"
        ).encode()

    return make


LOCAL = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="vman"/></LOCALNAMESPACEPATH>'


@pytest.fixture
def intrinsic(wrap):
    """The bytes of an intrinsic operation request with these IPARAMVALUE elements."""

    def make(name: str, parameters: str = "") -> bytes:
        return wrap(f'<IMETHODCALL NAME="{name}">{LOCAL}{parameters}</IMETHODCALL>')

    return make


@pytest.fixture
def extrinsic(wrap):
    """The bytes of a method call on a class with these PARAMVALUE elements."""

    def make(parameters: str, name: str = "Do") -> bytes:
        path = f'<LOCALCLASSPATH>{LOCAL}<CLASSNAME NAME="VMAN_X"/></LOCALCLASSPATH>'
        return wrap(f'<METHODCALL NAME="{name}">{path}{parameters}</METHODCALL>')

    return make
