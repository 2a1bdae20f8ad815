"""An Apache Kafka and a Redis that ask who calls, and allow nothing that is not granted."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import redis
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from tests.servers.certificates import Authority
from tests.servers.kafka import KafkaCluster
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer

_MODULES = "org.apache.kafka.common.security"
_ADMIN = "admin"
_ADMIN_PASSWORD = "admin-word"


class Grant(NamedTuple):
    """What one user may do with one resource of Kafka, or with all whose names begin so."""

    operation: ACLOperation
    resource: ResourceType
    name: str
    prefixed: bool = False


class SecuredKafka:
    """One broker with the authorizer of KRaft, which denies what no ACL allows.

    Users come by SASL over TLS, or over TLS with a certificate whose common name is theirs. On a third
    address without either everything is allowed: for the broker itself, and for what the tests look at.
    SCRAM users are added; PLAIN knows one only, since its users are in the broker's settings.
    """

    plain_user, plain_password = "plain", "plain-word"

    def __init__(self, folder: Path, authority: Authority):
        self._ports = {"SASL_SSL": free_port(), "SSL": free_port()}
        users = f'user_{self.plain_user}="{self.plain_password}"'
        self._cluster = KafkaCluster(
            folder,
            config=_broker_config(authority.server("kafka").both, authority.certificate, users),
            listeners=self._ports,
        )

    def open(self) -> None:
        """Start it and wait until it answers; raises as `KafkaCluster.open`."""
        self._cluster.open()

    def close(self) -> None:
        """End it."""
        self._cluster.close()

    @property
    def open_address(self) -> str:
        """Where everything is allowed."""
        return self._cluster.bootstrap_servers

    @property
    def sasl_address(self) -> str:
        """Where a password is asked for, over TLS."""
        return f"127.0.0.1:{self._ports['SASL_SSL']}"

    @property
    def misnamed_address(self) -> str:
        """The same by a name that is not in the broker's certificate."""
        return f"localhost:{self._ports['SASL_SSL']}"

    @property
    def tls_address(self) -> str:
        """Where a certificate is asked for."""
        return f"127.0.0.1:{self._ports['SSL']}"

    def add_scram_users(self, passwords: Mapping[str, str]) -> None:
        """Add users, or change their passwords."""
        added = [
            UserScramCredentialUpsertion(name, ScramMechanism.SCRAM_SHA_512, password=password)
            for name, password in passwords.items()
        ]
        with _admin(self.open_address) as admin:
            admin.alter_user_scram_credentials(added)

    def grant(self, user: str, grants: Sequence[Grant]) -> None:
        """Allow a user more."""
        with _admin(self.open_address) as admin:
            answer = admin.create_acls([_acl(user, grant) for grant in grants])
        assert not answer["failed"], answer


class SecuredRedis:
    """A Redis with TLS on one port and without on another; the user `default` may not come in."""

    def __init__(self, folder: Path, authority: Authority, *, ask_certificate: bool = False):
        identity = authority.server("redis")
        self._tls_port = free_port()
        self._server = RedisServer(
            folder,
            *("--tls-port", str(self._tls_port)),
            *("--tls-cert-file", str(identity.certificate), "--tls-key-file", str(identity.key)),
            *("--tls-ca-cert-file", str(authority.certificate)),
            *("--tls-auth-clients", "yes" if ask_certificate else "no"),
            *("--user", "default", "off"),
            *("--user", _ADMIN, "on", f">{_ADMIN_PASSWORD}", "~*", "&*", "+@all"),
        )

    def start(self) -> None:
        """Start it and wait until it answers; raises as `RedisServer.start`."""
        self._server.start()

    def stop(self) -> None:
        """End it."""
        self._server.stop()

    @property
    def url(self) -> str:
        """Where it is, over TLS."""
        return f"rediss://127.0.0.1:{self._tls_port}/0"

    @property
    def misnamed_url(self) -> str:
        """The same by a name that is not in the server's certificate."""
        return f"rediss://localhost:{self._tls_port}/0"

    def admin(self) -> redis.Redis:
        """A client that may do everything."""
        return redis.Redis(port=self._server.port, username=_ADMIN, password=_ADMIN_PASSWORD)

    def set_user(self, name: str, *rules: str) -> None:
        """`ACL SETUSER` with these rules, after taking everything that the user had."""
        with self.admin() as admin:
            admin.execute_command("ACL", "SETUSER", name, "reset", *rules)

    def denied(self) -> list[Any]:
        """What was refused since this was asked last: the entries of `ACL LOG`."""
        with self.admin() as admin:
            entries = list(admin.execute_command("ACL", "LOG"))
            admin.execute_command("ACL", "LOG", "RESET")
            return entries


@contextmanager
def _admin(servers: str) -> Iterator[Any]:
    client = KafkaAdminClient(bootstrap_servers=servers)
    try:
        yield client
    finally:
        client.close()


def _acl(user: str, grant: Grant) -> ACL:
    kind = ACLResourcePatternType.PREFIXED if grant.prefixed else ACLResourcePatternType.LITERAL
    pattern = ResourcePattern(grant.resource, grant.name, kind)
    return ACL(f"User:{user}", "*", grant.operation, ACLPermissionType.ALLOW, pattern)


def _broker_config(both: Path, trusted: Path, users: str) -> dict[str, str]:
    protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL"
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "listener.security.protocol.map": protocols,
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f"{_MODULES}.plain.PlainLoginModule required {users};"
        ),
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            f"{_MODULES}.scram.ScramLoginModule required;"
        ),
        "listener.name.ssl.ssl.client.auth": "required",
        "listener.name.ssl.ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(trusted),
    }
