"""exchangelib, signed in at a server process over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exchangelib import DELEGATE, IMPERSONATION, Account, Build, Configuration, Credentials, EWSTimeZone, Version
from exchangelib.protocol import BaseProtocol, close_connections

from tests.support.server import Person, RunningServer

BUILD = Build(15, 1)
ZONE = EWSTimeZone("Europe/Berlin")


@contextmanager
def trusting(server: RunningServer) -> Iterator[None]:
    """The server's certificate is the one that is trusted."""
    certificate = str(Path(server.data) / "tls" / "self-signed.crt")
    old = BaseProtocol.get_adapter

    class Adapter(BaseProtocol.HTTP_ADAPTER_CLS):  # type: ignore[misc, name-defined]
        def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
            super().cert_verify(conn=conn, url=url, verify=certificate, cert=cert)

    BaseProtocol.HTTP_ADAPTER_CLS, before = Adapter, BaseProtocol.HTTP_ADAPTER_CLS
    try:
        yield
    finally:
        BaseProtocol.HTTP_ADAPTER_CLS = before
        assert BaseProtocol.get_adapter is not None and old is not None
        close_connections()


def account(server: RunningServer, who: Person, of: str = "", *, impersonate: bool = False) -> Account:
    """The account of somebody, or of somebody else as they see it."""
    config = Configuration(
        service_endpoint=f"https://localhost:{server.port('https')}/EWS/Exchange.asmx",
        credentials=Credentials(who.address, who.password),
        auth_type="basic",
        version=Version(BUILD),
        max_connections=2,
    )
    return Account(
        primary_smtp_address=of or who.address,
        config=config,
        autodiscover=False,
        access_type=IMPERSONATION if impersonate else DELEGATE,
        default_timezone=ZONE,
    )
