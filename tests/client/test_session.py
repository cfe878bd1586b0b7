from __future__ import annotations

import pytest
import pywbem

from openvman.client.errors import ClientError, Reason
from openvman.client.session import Session
from openvman.client.target import Target

PATH = pywbem.CIMInstanceName("VMAN_ComputerSystem", {"Name": "x"}, namespace="root/vman")
JOB = pywbem.CIMInstanceName("VMAN_Job", {"InstanceID": "j"}, namespace="root/vman")


def raising(error: Exception):
    def answer(*_args, **_kwargs):
        raise error

    return answer


def failure(call) -> ClientError:
    with pytest.raises(ClientError) as raised:
        call()
    return raised.value


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (pywbem.CIMError(1, "broke"), Reason.FAILED),
        (pywbem.CIMError(2, "no"), Reason.DENIED),
        (pywbem.CIMError(4, "bad"), Reason.REFUSED),
        (pywbem.CIMError(5, "no class"), Reason.NOT_FOUND),
        (pywbem.CIMError(6, "gone"), Reason.NOT_FOUND),
        (pywbem.CIMError(7, "cannot"), Reason.REFUSED),
        (pywbem.CIMError(11, "there"), Reason.REFUSED),
        (pywbem.CIMError(28, "bye"), Reason.UNREACHABLE),
        (pywbem.AuthError("401"), Reason.DENIED),
        (pywbem.ConnectionError("Connection refused"), Reason.UNREACHABLE),
        (pywbem.TimeoutError("too long"), Reason.TIMEOUT),
        (pywbem.HTTPError(503, "busy"), Reason.UNREACHABLE),
        (pywbem.HTTPError(403, "no"), Reason.DENIED),
        (pywbem.CIMXMLParseError("not XML"), Reason.UNREACHABLE),
        (pywbem.DTDVersionError("3"), Reason.UNREACHABLE),
        (pywbem.ModelError("odd"), Reason.FAILED),
    ],
)
def test_every_failure_of_pywbem_is_one_of_ours(session, connection, error, reason):
    connection.answers["EnumerateInstances"] = raising(error)
    told = failure(lambda: session.enumerate("CIM_X"))
    assert told.reason is reason
    assert told.message.endswith((".", "vman serve", "serve"))
    assert "\n" not in told.message


def test_the_servers_own_words_are_kept(session, connection):
    connection.answers["GetInstance"] = raising(pywbem.CIMError(6, "There is no\n system 'x'"))
    assert failure(lambda: session.get(PATH)).message == "There is no system 'x'."


def test_an_unknown_certificate_tells_the_option(session, connection):
    detail = "[SSL: CERTIFICATE_VERIFY_FAILED] self signed"
    connection.answers["EnumerateInstances"] = raising(pywbem.ConnectionError(detail))
    assert "--ca-certs" in failure(lambda: session.enumerate("CIM_X")).message


def test_a_return_code_of_failure_is_raised_by_call(session, connection):
    connection.answers["InvokeMethod"] = lambda *_: (4097, {})
    assert failure(lambda: session.call("RequestStateChange", PATH)).reason is Reason.REFUSED


def test_a_return_code_is_given_back_by_invoke(session, connection):
    connection.answers["InvokeMethod"] = lambda *_: (2, {"Out": 1})
    result = session.invoke("M", PATH)
    assert (result.value, result.outputs) == (2, {"Out": 1})


def job(state: int, **fields):
    return pywbem.CIMInstance("VMAN_Job", {"JobState": pywbem.Uint16(state), **fields}, path=JOB)


def test_a_job_is_waited_for(session, connection):
    states = iter([4, 4, 7])
    connection.answers["InvokeMethod"] = lambda *_: (4096, {"Job": JOB})
    connection.answers["GetInstance"] = lambda *_, **__: job(next(states))
    assert session.call("M", PATH).value == 0
    assert next(states, None) is None


def test_a_jobs_failure_is_told_in_its_words(session, connection):
    connection.answers["InvokeMethod"] = lambda *_: (4096, {"Job": JOB})
    connection.answers["GetInstance"] = lambda *_, **__: job(10, ErrorDescription="no space left")
    told = failure(lambda: session.call("M", PATH))
    assert (told.reason, told.message) == (Reason.FAILED, "M: no space left.")


def test_a_job_that_does_not_end_is_not_waited_for_for_ever(session, connection, clock):
    connection.answers["InvokeMethod"] = lambda *_: (4096, {"Job": JOB})
    connection.answers["GetInstance"] = lambda *_, **__: job(4)
    assert failure(lambda: session.call("M", PATH, timeout=5)).reason is Reason.TIMEOUT
    assert 5 <= clock.now < 6


def test_a_job_without_a_name_is_a_failure(session, connection):
    connection.answers["InvokeMethod"] = lambda *_: (4096, {})
    assert failure(lambda: session.call("M", PATH)).reason is Reason.FAILED


def test_no_proxy_no_netrc_and_no_redirect():
    session = Session(Target(url="http://127.0.0.1:1", user="me", password="p"))
    try:
        inner = session._connection.session  # pywbem has no other door to it
        assert (inner.trust_env, inner.max_redirects) == (False, 0)
    finally:
        session.close()


def test_an_unusable_authority_is_told(tmp_path):
    target = Target(url="https://127.0.0.1:1", ca_certs=str(tmp_path / "none"))
    assert failure(lambda: Session(target)).reason is Reason.USAGE


def test_nobody_at_the_address_is_told_with_the_cure():
    with Session(Target(url="http://127.0.0.1:1")) as session:
        told = failure(lambda: session.enumerate("CIM_X"))
    assert told.reason is Reason.UNREACHABLE
    assert "vman serve" in told.message
