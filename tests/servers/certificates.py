"""Certificates for secured servers and their clients, made anew by each run of the tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its chain, its key (PKCS #8: Kafka takes no other form), and both in one file."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """A certificate authority of the tests; `certificate` is what those who trust it are given."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._authority = trustme.CA()
        self.certificate = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.certificate)

    def server(self, name: str, hosts: Sequence[str] = ("127.0.0.1",)) -> Identity:
        """The identity of a server that is called by these names and addresses, and by no other."""
        return self._write(name, self._authority.issue_cert(*hosts), None)

    def client(self, common_name: str, password: str | None = None) -> Identity:
        """The identity of a client; with a password its key is encrypted."""
        issued = self._authority.issue_cert(f"{common_name}@clients.invalid", common_name=common_name)
        return self._write(common_name, issued, password)

    def _write(self, name: str, issued: trustme.LeafCert, password: str | None) -> Identity:
        found = Identity(*(self._folder / f"{name}.{end}" for end in ("crt", "key", "pem")))
        encryption: KeySerializationEncryption = NoEncryption()
        if password is not None:
            encryption = BestAvailableEncryption(password.encode())
        key = load_pem_private_key(issued.private_key_pem.bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, encryption
        )
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        for path, data in ((found.certificate, chain), (found.key, key), (found.both, key + chain)):
            path.write_bytes(data)
        found.key.chmod(0o600)
        return found
