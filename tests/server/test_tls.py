"""TLS: versions, the made certificate, client certificates."""

from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from openvman.security.tls import KeyPair, own_key_pair, server_context

REFUSED = (ssl.SSLError, ConnectionError)


@pytest.fixture
def pair(tmp_path):
    return own_key_pair(tmp_path)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def client_ca(authority, tmp_path):
    path = tmp_path / "clients.pem"
    authority.cert_pem.write_to_path(path)
    return path


def client_context(pair: KeyPair, certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(pair.authority))
    # What Python 3.13 checks by default: a certificate that passes only without it would stop working there.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if certificate is not None:
        certificate.configure_cert(context)
    return context


async def test_the_made_certificate_is_trusted_by_its_authority(start, make, pair):
    server = await start(context=server_context(pair))
    connection = await server.connect(client_context(pair))
    assert (await connection.ask(make.post())).status == 200


async def test_tls_1_1_is_refused(start, pair):
    server = await start(context=server_context(pair))
    context = client_context(pair)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(REFUSED):
        await server.connect(context)


async def test_a_refusal_is_read_over_tls_too(start, pair):
    server = await start(context=server_context(pair))
    connection = await server.connect(client_context(pair))
    assert (await connection.ask(b"GET / HTTP/1.1\r\n\r\n")).status == 400


@pytest.fixture
def starting(start, pair, client_ca):
    async def started(*, require=False, crl=None):
        context = server_context(pair, client_ca=client_ca, client_crl=crl, require_client=require)
        return await start(context=context, by_certificate=True)

    return started


async def refused(server, context, make) -> bool:
    try:
        connection = await server.connect(context)
        await connection.ask(make.post(Authorization=None))
    except (*REFUSED, EOFError):
        return server.broker.calls == []
    return False


async def test_a_certificate_of_the_authority_names_the_user(starting, make, pair, authority):
    server = await starting()
    connection = await server.connect(client_context(pair, authority.issue_cert("x@example.org", common_name="ann")))
    assert (await connection.ask(make.post(Authorization=None))).status == 200
    assert server.broker.calls[0][1].name == "ann"


async def test_a_certificate_that_names_no_user_is_refused(starting, make, pair, authority):
    server = await starting()
    for certificate in (
        authority.issue_cert("x@example.org", common_name="nobody"),
        authority.issue_cert("ann@example.org"),
    ):
        connection = await server.connect(client_context(pair, certificate))
        assert (await connection.ask(make.post(Authorization=None))).status == 401
    assert server.broker.calls == []


async def test_wrong_credentials_are_not_made_good_by_a_certificate(starting, make, pair, authority):
    server = await starting()
    connection = await server.connect(client_context(pair, authority.issue_cert("x@example.org", common_name="ann")))
    assert (await connection.ask(make.post(Authorization=make.basic("ann", "wrong")))).status == 401


@pytest.mark.parametrize("require", [False, True])
async def test_a_certificate_of_another_authority_is_refused(starting, make, pair, require):
    server = await starting(require=require)
    other = trustme.CA().issue_cert("x@example.org", common_name="ann")
    assert await refused(server, client_context(pair, other), make)


async def test_an_expired_certificate_is_refused(starting, make, pair, authority):
    server = await starting()
    past = datetime.now(UTC) - timedelta(days=1)
    expired = authority.issue_cert("x@example.org", common_name="ann", not_after=past)
    assert await refused(server, client_context(pair, expired), make)


async def test_a_revoked_certificate_is_refused(starting, make, pair, authority, tmp_path):
    good, revoked = (authority.issue_cert("x@example.org", common_name="ann") for _ in range(2))
    crl = tmp_path / "crl.pem"
    crl.write_bytes(revocation_list(authority, revoked))
    server = await starting(crl=crl)
    assert await refused(server, client_context(pair, revoked), make)
    connection = await server.connect(client_context(pair, good))
    assert (await connection.ask(make.post(Authorization=None))).status == 200


def revocation_list(authority: trustme.CA, revoked: trustme.LeafCert) -> bytes:
    now = datetime.now(UTC)
    serial = x509.load_pem_x509_certificate(revoked.cert_chain_pems[0].bytes()).serial_number
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
    key = load_pem_private_key(authority.private_key_pem.bytes(), None)
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - timedelta(days=1))
        .next_update(now + timedelta(days=1))
        .add_revoked_certificate(entry)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


async def test_where_one_is_required_nobody_connects_without(starting, make, pair):
    server = await starting(require=True)
    assert await refused(server, client_context(pair), make)


async def test_where_one_is_optional_credentials_do(starting, make, pair):
    server = await starting()
    connection = await server.connect(client_context(pair))
    assert (await connection.ask(make.post())).status == 200
    assert (await connection.ask(make.post(Authorization=None))).status == 401


async def test_a_certificate_counts_only_where_it_is_switched_on(start, make, pair, client_ca, authority):
    server = await start(context=server_context(pair, client_ca=client_ca))
    connection = await server.connect(client_context(pair, authority.issue_cert("x@example.org", common_name="ann")))
    assert (await connection.ask(make.post(Authorization=None))).status == 401
