"""Settings -> how redis-py connects: address, user, TLS, and no waiting or retrying of its own."""

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

from worker.adapters.tls import TlsFilesError, client_context
from worker.settings import Settings


def connection_options(settings: Settings) -> dict[str, Any]:
    """What redis-py needs to know to connect, with every wait and every retry of its own switched off.

    Raises:
        ValueError: `settings.redis_url` is missing or not a URL of Redis, or the TLS files cannot be used.
    """
    options = _address(settings)
    if settings.redis_username is not None:
        options["username"] = settings.redis_username
    if settings.redis_password is not None:
        options["password"] = settings.redis_password.get_secret_value()
    return options | {
        "socket_timeout": settings.cache_timeout,
        "socket_connect_timeout": settings.cache_timeout,
        "retry": Retry(NoBackoff(), 0),  # the default is ten, with pauses
        "retry_on_timeout": False,
        "retry_on_error": [],
        "health_check_interval": 0,  # else a PING before a command
        "protocol": 2,  # no HELLO on connecting, and so no maintenance notifications, which lift timeouts
        "driver_info": None,  # no CLIENT SETINFO on connecting
        "client_name": None,
        "decode_responses": False,
    }


class _TlsConnection(redis.SSLConnection):
    """A connection that trusts our certificates only, where redis-py trusts the system's beside them.

    The context is made once: reading the files anew would take most of the time that a look-up has.
    """

    def __init__(self, *, tls_context: ssl.SSLContext, **options: Any):
        super().__init__(**options)
        self._tls_context = tls_context

    def _wrap_socket_with_ssl(self, sock: socket.socket) -> ssl.SSLSocket:
        return self._tls_context.wrap_socket(sock, server_hostname=self.host)


def _address(settings: Settings) -> dict[str, Any]:
    if settings.redis_url is None:
        raise ValueError("PAGESIEVE_REDIS_URL is not set")
    url = settings.redis_url.get_secret_value()
    try:
        options: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
        database = urlsplit(url).path.strip("/") if not url.startswith("unix:") else ""
    except ValueError:  # its text may have a part of the password
        options, database = {}, "?"
    if database and not database.isdecimal():
        raise ValueError(
            "PAGESIEVE_REDIS_URL: not redis://host:port/db, nor the same with rediss:// or unix://; "
            "a password in it has / # ? @ : and % as %2F %23 %3F %40 %3A and %25"
        )
    if any(name.startswith("ssl_") for name in options):
        raise ValueError(
            "PAGESIEVE_REDIS_URL: files for TLS are named by PAGESIEVE_REDIS_SSL_CAFILE and so on"
        )
    if options.get("connection_class") is redis.SSLConnection:
        options |= {"connection_class": _TlsConnection, "tls_context": _tls_context(settings)}
    elif settings.redis_ssl_cafile or settings.redis_ssl_certfile:
        raise ValueError("PAGESIEVE_REDIS_SSL_CAFILE and _CERTFILE want rediss:// in PAGESIEVE_REDIS_URL")
    return options


def _tls_context(settings: Settings) -> ssl.SSLContext:
    try:
        return client_context(
            cafile=settings.redis_ssl_cafile,
            certfile=settings.redis_ssl_certfile,
            keyfile=settings.redis_ssl_keyfile,
            key_password=settings.redis_ssl_key_password,
            check_hostname=settings.redis_ssl_check_hostname,
        )
    except TlsFilesError as error:
        raise ValueError(f"the TLS files for Redis cannot be used: {error}") from None
