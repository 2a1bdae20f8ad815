"""TLS to a server whose certificate is verified, with a certificate of our own where it asks for one."""

import ssl
from pathlib import Path

from pydantic import SecretStr


class TlsFilesError(ValueError):
    """The certificates or the key cannot be used; the text tells why, and never a password."""


def client_context(
    *,
    cafile: Path | None,
    certfile: Path | None,
    keyfile: Path | None,
    key_password: SecretStr | None,
    check_hostname: bool,
) -> ssl.SSLContext:
    """A context that trusts the certificates in `cafile` and no others; without one, those of the system.

    All files are PEM. Without a `keyfile` the key is looked for in `certfile`.

    Raises:
        TlsFilesError: a file is missing or is not what it should be, or the password is not that of the key.
    """
    try:
        context = ssl.create_default_context(cafile=cafile)
    except OSError as error:  # ssl.SSLError is one
        raise TlsFilesError(f"{cafile}: {_reason(error, 'no certificates in PEM')}") from None
    context.check_hostname = check_hostname
    if certfile is not None:
        # Without a password OpenSSL would ask for one on the terminal.
        password = key_password.get_secret_value() if key_password else ""
        try:
            context.load_cert_chain(certfile, keyfile, password)
        except (OSError, ValueError) as error:  # ValueError: a password longer than OpenSSL takes
            names = f"{certfile}" if keyfile is None else f"{certfile} with {keyfile}"
            hint = "no certificate with its key in PEM, or the wrong password of the key"
            raise TlsFilesError(f"{names}: {_reason(error, hint)}") from None
    return context


def _reason(error: Exception, hint: str) -> str:
    """OpenSSL says little or nothing of a file that is not as it should be."""
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return error.strerror or hint
    told = getattr(error, "reason", None)
    return f"{hint} ({told})" if told else hint
