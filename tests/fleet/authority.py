"""An authority whose certificates are valid in the weeks of a test, and clients that trust it whatever the year is."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

WITHOUT_DATES = 0x20_0000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python does not name: the weeks of a test are not those of the machine."""


class Authority:
    """Issues certificates, each with a serial number and a key of its own, as authorities do."""

    def __init__(self, name: str, now: datetime) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name((NameOID.ORGANIZATION_NAME, name), (NameOID.COMMON_NAME, "R1"))
        begin, end = now - timedelta(days=3_650), now + timedelta(days=3_650)
        extension = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._builder(self._name, self._key, begin, end).add_extension(extension, critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    def issue(self, host: str, begin: datetime, end: datetime) -> ssl.SSLContext:
        """What a server speaks TLS by that has a new certificate for this host."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        subject = _name((NameOID.ORGANIZATION_NAME, "Example Sites"))
        builder = self._builder(subject, key, begin, end).add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "chain.pem"
            file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
            context.load_cert_chain(file)
        return context

    def trusted(self) -> ssl.SSLContext:
        """What a client verifies by that trusts this authority alone, and takes expired certificates for valid."""
        context = ssl.create_default_context(cadata=self._certificate.public_bytes(Encoding.PEM).decode())
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VerifyFlags(WITHOUT_DATES)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )


def _name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(key, value) for key, value in parts])
