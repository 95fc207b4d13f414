"""A real S3 server for tests: a process of its own on loopback, that checks signatures, with one bucket in it.

    def test_something(s3: S3Server) -> None:
        objects = open_objects(data, "s3://mail/bodies", s3.access)

Between it and the test is a door of this process's own: `shut` makes the server as good as gone, `open` brings it back
at the same port with everything that it holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from groupware.store.objects import Access
from tests.support.door import Door

BUCKET = "mail"
REGION = "eu-central-1"
PAGE = 20
"""So many objects are listed at once."""


class S3Server:
    """The server, and how a program gets in."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, key_id: str, secret: str) -> None:
        self._process = process
        self.door = Door(port)
        self.access = Access(f"http://127.0.0.1:{self.door.port}", REGION, key_id, secret)

    @property
    def wrong(self) -> Access:
        """An access whose secret is not the right one."""
        return replace(self.access, secret="not-the-secret")

    def config(self, place: str, access: Access | None = None) -> str:
        """The lines of a configuration file that put bodies there."""
        given = access or self.access
        return (
            f'[server]\nblob_store = "{place}"\nblob_store_endpoint = "{given.endpoint}"\n'
            f'blob_store_region = "{given.region}"\nblob_store_key_id = "{given.key_id}"\n'
            f'blob_store_secret = "{given.secret}"\n'
        )

    def age(self, prefix: str) -> None:
        """From now on what is in the bucket below a prefix was written long ago."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{prefix}\n".encode())
        self._process.stdin.flush()
        assert self._process.stdout.readline() == b"aged\n"

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Inside the block nobody reaches it."""
        self.door.shut()
        try:
            yield
        finally:
            self.door.open()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """The worker's S3 server. Import it into a conftest: `from tests.support.s3server import s3`."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    try:
        yield S3Server(process, **json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()  # its sign to go; should the tests be killed, it goes just the same
        process.wait(30)
        process.stdout.close()


def main() -> None:
    """The server's process: says port and key in one line, and serves until its standard input ends."""
    from moto import settings
    from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
    from moto.iam.models import iam_backends
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from moto.s3.models import s3_backends
    from werkzeug.serving import make_server

    class Quiet(MotoRequestHandler):
        def log_request(self, *args: object) -> None:
            pass

    os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = str(PAGE)
    iam = iam_backends[ACCOUNT]["aws"]
    iam.create_user(REGION, "postroom")
    whatever = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.put_user_policy("postroom", "all", json.dumps({"Version": "2012-10-17", "Statement": [whatever]}))
    key = iam.create_access_key("postroom")
    s3_backends[ACCOUNT]["aws"].create_bucket(BUCKET, REGION)
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0  # who asks signs
    app = DomainDispatcherApplication(create_backend_app)
    served = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    about = {"port": served.server_port, "key_id": key.access_key_id, "secret": key.secret_access_key}
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        for name, found in s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys.items():
            if name.startswith(line.strip()):
                found.last_modified = datetime(2001, 1, 1)
        sys.stdout.write("aged\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
