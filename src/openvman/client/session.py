"""A connection to one WBEM server: pywbem's operations, with every failure as a ClientError of one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self, TypeAlias

import pywbem

from openvman.client.errors import ClientError, Reason
from openvman.client.target import Target

CIMInstance: TypeAlias = Any
"""pywbem.CIMInstance; pywbem has no types."""
CIMPath: TypeAlias = Any
"""pywbem.CIMInstanceName."""
CIMClass: TypeAlias = Any
"""pywbem.CIMClass."""

STATUS_REASONS: Final[Mapping[str, Reason]] = {
    "CIM_ERR_ACCESS_DENIED": Reason.DENIED,
    "CIM_ERR_INVALID_NAMESPACE": Reason.NOT_FOUND,
    "CIM_ERR_INVALID_CLASS": Reason.NOT_FOUND,
    "CIM_ERR_NOT_FOUND": Reason.NOT_FOUND,
    "CIM_ERR_METHOD_NOT_FOUND": Reason.NOT_FOUND,
    "CIM_ERR_NO_SUCH_PROPERTY": Reason.NOT_FOUND,
    "CIM_ERR_INVALID_PARAMETER": Reason.REFUSED,
    "CIM_ERR_TYPE_MISMATCH": Reason.REFUSED,
    "CIM_ERR_NOT_SUPPORTED": Reason.REFUSED,
    "CIM_ERR_METHOD_NOT_AVAILABLE": Reason.REFUSED,
    "CIM_ERR_ALREADY_EXISTS": Reason.REFUSED,
    "CIM_ERR_SERVER_LIMITS_EXCEEDED": Reason.REFUSED,
    "CIM_ERR_SERVER_IS_SHUTTING_DOWN": Reason.UNREACHABLE,
}
"""CIM status (DSP0200 Table 4) to reason; the others are FAILED."""

JOB_STARTED: Final = 4096
RETURN_CODES: Final[Mapping[int, tuple[Reason, str]]] = {
    1: (Reason.REFUSED, "it is not supported"),
    2: (Reason.FAILED, "it failed"),
    3: (Reason.TIMEOUT, "it did not end within the time given"),
    4: (Reason.REFUSED, "a parameter is invalid"),
    5: (Reason.REFUSED, "the state forbids it now"),
    6: (Reason.REFUSED, "the parameters do not go together"),
    4097: (Reason.REFUSED, "the state forbids this transition"),
    4098: (Reason.REFUSED, "a timeout cannot be given"),
    4099: (Reason.REFUSED, "another change is under way"),
}
"""Return codes that RequestStateChange and the methods of DSP1042 share."""

JOB_COMPLETED: Final = 7
JOB_ENDED: Final = frozenset({JOB_COMPLETED, 8, 9, 10})
"""CIM_ConcreteJob.JobState: Completed, Terminated, Killed, Exception."""
JOB_POLL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class MethodResult:
    """The return value and output parameters of a method; ``outputs`` is keyed by name, without regard to case."""

    value: Any
    outputs: Mapping[str, Any]


class Session:
    """Operations on one server in one namespace unless another is named. Raises only ClientError.

    Close it, or use it as a context manager.
    """

    def __init__(
        self,
        target: Target,
        connection: Any = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is sent before the first operation. ``connection`` stands in for pywbem's."""
        self.target = target
        self._clock = clock
        self._sleep = sleep
        self._connection = connection if connection is not None else _connect(target)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def enumerate(
        self, class_name: str, properties: Sequence[str] | None = None, namespace: str | None = None
    ) -> list[CIMInstance]:
        """All instances of the class and its subclasses."""
        with self._told(f"reading {class_name}"):
            found = self._connection.EnumerateInstances(
                class_name, namespace=namespace, PropertyList=properties, DeepInheritance=True
            )
            return list(found)

    def get(self, path: CIMPath, properties: Sequence[str] | None = None) -> CIMInstance:
        with self._told(f"reading {_short(path)}"):
            return self._connection.GetInstance(path, PropertyList=properties)

    def create(self, instance: CIMInstance, namespace: str | None = None) -> CIMPath:
        """The path of the new instance."""
        with self._told(f"making {instance.classname}"):
            return self._connection.CreateInstance(instance, namespace=namespace)

    def delete(self, path: CIMPath) -> None:
        with self._told(f"deleting {_short(path)}"):
            self._connection.DeleteInstance(path)

    def associators(
        self,
        path: CIMPath,
        association: str | None = None,
        result_class: str | None = None,
        role: str | None = None,
        result_role: str | None = None,
    ) -> list[CIMInstance]:
        """Instances associated with ``path``; ``role`` is the end that ``path`` plays."""
        with self._told(f"following {association or 'associations'} from {_short(path)}"):
            found = self._connection.Associators(
                path, AssocClass=association, ResultClass=result_class, Role=role, ResultRole=result_role
            )
            return list(found)

    def references(self, path: CIMPath, association: str) -> list[CIMInstance]:
        """The instances of an association that lead to or from ``path``."""
        with self._told(f"following {association} from {_short(path)}"):
            return list(self._connection.References(path, ResultClass=association))

    def invoke(
        self, method: str, on: CIMPath | str, parameters: Sequence[tuple[str, Any]] = (), namespace: str | None = None
    ) -> MethodResult:
        """Call a method on an instance path, or on a class name for a static one. Whatever it returns is given back."""
        where: Any = pywbem.CIMClassName(on, namespace=namespace) if isinstance(on, str) else on
        with self._told(method):
            value, outputs = self._connection.InvokeMethod(method, where, list(parameters))
        return MethodResult(value, outputs)

    def call(
        self, method: str, on: CIMPath | str, parameters: Sequence[tuple[str, Any]] = (), timeout: float = 300
    ) -> MethodResult:
        """Call a method and see it through: a return code of failure is raised, and a job is waited for."""
        result = self.invoke(method, on, parameters)
        if result.value == JOB_STARTED:
            return MethodResult(0, self._outputs_of(self._wait(method, result.outputs.get("Job"), timeout)))
        if result.value not in (0, None):
            reason, text = RETURN_CODES.get(int(result.value), (Reason.FAILED, "it failed"))
            raise ClientError(reason, self.explained(result) or f"{method}: {text} (return code {result.value}).")
        return result

    def explained(self, refused: MethodResult) -> str | None:
        """Why a method returned a code of failure, in words, when the server told the job that knows."""
        job = refused.outputs.get("Job")
        told = None if job is None else self.get(job, ("ErrorDescription",)).get("ErrorDescription")
        return None if told is None else _sentence(told)

    def class_names(self, class_name: str | None = None, namespace: str | None = None) -> list[str]:
        """The names of the class's subclasses, or of all classes, sorted."""
        with self._told("reading the classes"):
            found = self._connection.EnumerateClassNames(
                namespace=namespace, ClassName=class_name, DeepInheritance=True
            )
            return sorted(str(name) for name in found)

    def get_class(self, class_name: str, namespace: str | None = None) -> CIMClass:
        with self._told(f"reading class {class_name}"):
            return self._connection.GetClass(
                class_name, namespace=namespace, LocalOnly=False, IncludeQualifiers=True, IncludeClassOrigin=True
            )

    def _wait(self, method: str, job: CIMPath | None, timeout: float) -> CIMInstance:
        if job is None:
            raise ClientError(Reason.FAILED, f"{method}: the server began a job and does not say which.")
        end = self._clock() + timeout
        while True:
            try:
                seen = self.get(job)
            except ClientError as error:
                if error.reason is not Reason.NOT_FOUND:
                    raise
                raise ClientError(
                    Reason.FAILED, f"{method}: the job is gone before its end was seen; look at the result."
                ) from error
            state = int(seen.get("JobState") or 0)
            if state == JOB_COMPLETED:
                return seen
            if state in JOB_ENDED:
                raise ClientError(Reason.FAILED, f"{method}: {_sentence(seen.get('ErrorDescription') or 'it failed')}")
            if self._clock() >= end:
                raise ClientError(
                    Reason.TIMEOUT, f"{method}: the job has not ended after {timeout:.0f} s; it goes on in the server."
                )
            self._sleep(JOB_POLL_SECONDS)

    def _outputs_of(self, job: CIMInstance) -> Mapping[str, Any]:
        """The output parameters of the method that a job answers; references stand there as text."""
        told = job.get("JobOutParameters")
        return {} if told is None else {p.name: _reference(p.value) for p in told.properties.values()}

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except pywbem.CIMError as error:
            raise ClientError(
                STATUS_REASONS.get(error.status_code_name, Reason.FAILED),
                _sentence(error.status_description or f"{doing}: the server answers {error.status_code_name}"),
            ) from error
        except pywbem.AuthError as error:
            who = f"user '{self.target.user}'" if self.target.user else "an unnamed user"
            raise ClientError(
                Reason.DENIED,
                f"{self.target.url} does not accept {who}. Give --user and --password-file, or run as the user that "
                "owns the server's state directory.",
            ) from error
        except pywbem.TimeoutError as error:
            raise ClientError(Reason.TIMEOUT, _sentence(f"{doing}: {error.args[0]}")) from error
        except pywbem.ConnectionError as error:
            raise ClientError(Reason.UNREACHABLE, _unreachable(self.target, str(error.args[0]))) from error
        except pywbem.HTTPError as error:
            reason = Reason.DENIED if error.status == HTTPStatus.FORBIDDEN else Reason.UNREACHABLE
            raise ClientError(
                reason, f"{doing}: {self.target.url} answers HTTP {error.status} ({error.reason})."
            ) from error
        except (pywbem.ParseError, pywbem.VersionError) as error:
            raise ClientError(
                Reason.UNREACHABLE,
                _sentence(f"{self.target.url} answers, but not as a WBEM server does: {error.args[0]}"),
            ) from error
        except pywbem.Error as error:
            raise ClientError(Reason.FAILED, _sentence(f"{doing}: {error}")) from error


def _connect(target: Target) -> Any:
    try:
        connection = pywbem.WBEMConnection(
            target.url,
            creds=(target.user, target.password or "") if target.user else None,
            default_namespace=target.namespace,
            ca_certs=None if target.insecure else target.ca_certs,
            no_verification=target.insecure,
            timeout=target.timeout,
        )
    except (ValueError, OSError) as error:
        raise ClientError(Reason.USAGE, _sentence(str(error))) from error
    # A proxy or .netrc entry meant for other programs must not see or replace the password; nor may a redirect.
    connection.session.trust_env = False
    connection.session.max_redirects = 0
    return connection


def _reference(value: Any) -> Any:
    if isinstance(value, list):
        return [_reference(item) for item in value]
    try:
        return pywbem.CIMInstanceName.from_wbem_uri(value) if isinstance(value, str) else value
    except ValueError:
        return value  # a text like any other


def _unreachable(target: Target, detail: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in detail:
        return (
            f"The certificate of {target.url} is not signed by anyone known here. Give --ca-certs FILE with the "
            "certificate that signed it (the server keeps its own in its state directory)."
        )
    if "refused" in detail:
        return f"No server answers at {target.url}. Start one with: vman serve"
    return _sentence(f"Cannot reach {target.url}: {detail}")


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _short(path: CIMPath) -> str:
    return str(getattr(path, "classname", path))
