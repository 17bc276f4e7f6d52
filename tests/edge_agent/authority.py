"""An authority of the tests' own, and certificates that it has signed."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = ("localhost", "127.0.0.1")
DAY = dt.timedelta(days=1)


class Authority:
    """Signs as plainly as most in-house authorities do, with no extension that it may leave out."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        rights = x509.BasicConstraints(ca=True, path_length=0)
        made = self._begin(self._name, self._key, DAY).add_extension(rights, critical=True)
        self.file = folder / f"{name}.crt"
        self._write(self.file, made)

    def issue(
        self, label: str, names: Sequence[str] = HERE, lasts: dt.timedelta = DAY
    ) -> tuple[Path, Path]:
        """Files with a certificate for the names and its key; `lasts` may be over already."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName([_name(each) for each in names])
        made = self._begin(subject, key, lasts).add_extension(alternatives, critical=False)
        certificate, private = (self._folder / f"{label}.{end}" for end in ("crt", "key"))
        self._write(certificate, made)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, private

    def _begin(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: dt.timedelta
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 3 * DAY)
            .not_valid_after(now + lasts)
        )

    def _write(self, path: Path, made: x509.CertificateBuilder) -> None:
        signed = made.sign(self._key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
