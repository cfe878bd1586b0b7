"""TLS: the server's own certificate when the owner gives none, and the context that the listeners use.

The made certificate is signed by an authority made for it alone, whose private key is never stored: clients trust
``ca.crt``, and nothing else can ever be signed by it. (Some TLS libraries refuse a self-signed one that is its own
authority; some refuse a trusted one that is none.)
"""

from __future__ import annotations

import ipaddress
import shutil
import socket
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from openvman.store.files import PRIVATE_FOLDER, sync_folder, write_new

_LIFE: Final = timedelta(days=3650)
_PUBLIC: Final = 0o644


class TLSError(Exception):
    """The certificate, key or authority cannot be used. The message names the file and the way out."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Files (PEM). ``authority`` is what clients have to trust; None for an owner's own certificate."""

    certificate: Path
    key: Path
    authority: Path | None = None


def own_key_pair(state: Path, *, now: datetime | None = None) -> KeyPair:
    """The pair in the state directory, made at the first call.

    The folder appears with all its files or not at all.
    """
    folder = state / "tls"
    pair = KeyPair(folder / "server.crt", folder / "server.key", folder / "ca.crt")
    if not folder.exists():
        temporary = Path(tempfile.mkdtemp(prefix=".tls.", dir=state))
        try:
            temporary.chmod(PRIVATE_FOLDER)
            authority, certificate, key = _make(now or datetime.now(UTC))
            write_new(temporary / "ca.crt", authority, _PUBLIC)
            write_new(temporary / "server.crt", certificate, _PUBLIC)
            write_new(temporary / "server.key", key)
            sync_folder(temporary)
            temporary.rename(folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        sync_folder(state)
    return pair


def expires(certificate: Path) -> datetime:
    """When the first certificate in the file ends. Raises :class:`TLSError`."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        raise TLSError(f"{certificate} is not a certificate in PEM form: {error}") from None


def client_context(authority: Path | None = None) -> ssl.SSLContext:
    """For connections that this server makes: TLS 1.2 or newer, certificates and names verified.

    By ``authority`` (PEM), or by those that the system trusts. Raises :class:`TLSError`.
    """
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise TLSError(f"cannot use {authority} as the listeners' authority: {_reason(error)}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def server_context(
    pair: KeyPair, *, client_ca: Path | None = None, client_crl: Path | None = None, require_client: bool = False
) -> ssl.SSLContext:
    """TLS 1.2 or newer. With ``client_ca``, a client may show (or must, ``require_client``) a certificate it signed.

    Raises :class:`TLSError`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a password callback OpenSSL would ask on the terminal for an encrypted key's.
        context.load_cert_chain(pair.certificate, pair.key, password=lambda: "")
    except OSError as error:
        raise TLSError(f"cannot use {pair.certificate} with {pair.key}: {_reason(error)}") from None
    for path, purpose in ((client_ca, "the client authority"), (client_crl, "the revocation list")):
        if path is not None:
            try:
                context.load_verify_locations(path)
            except OSError as error:
                raise TLSError(f"cannot use {path} as {purpose}: {_reason(error)}") from None
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED if require_client else ssl.CERT_OPTIONAL
    if client_crl is not None:
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    return context


def _reason(error: OSError) -> str:
    return (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or str(error)


def _make(now: datetime) -> tuple[bytes, bytes, bytes]:
    """An authority's certificate, a server's certificate signed by it, and the server's key."""
    host = socket.gethostname()
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"openvman on {host}"[:64])])
    authority = (
        _begin(authority_name, authority_name, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        *(x509.DNSName(name) for name in dict.fromkeys(("localhost", host.lower()))),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")),
    ]
    certificate = (
        _begin(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]), authority_name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return (
        authority.public_bytes(pem),
        certificate.public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + _LIFE)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
