"""Evolution's data server, on a bus of its own: what its drivers find in it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from tests.clients.programs import Programs

SERVICES = Path("/usr/share/dbus-1/services")
BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
Session = Callable[[str, dict[str, Any]], list[Any]]


def sessions(programs: Programs, *services: str) -> Session:
    """Runs a driver with a job, in a new session each time: nothing is kept from one to the next.

    `services` are those that the bus may start, and no keyring, which would wait for somebody to open it. A job may
    have `sources`: accounts as Evolution keeps them in files, by name.
    """
    there = programs.home / "services"
    there.mkdir()
    for name in services:
        file = f"org.gnome.evolution.dataserver.{name}.service"
        (there / file).symlink_to(SERVICES / file)
    bus = programs.file("bus.conf", BUS.format(services=there))
    numbers = itertools.count()

    def run(driver: str, job: dict[str, Any]) -> list[Any]:
        sources = job.pop("sources", {})
        try:
            return begun(driver, job, sources)
        except TimeoutExpired:  # now and then the data server never says that it is connected
            return begun(driver, job, sources)

    def begun(driver: str, job: dict[str, Any], sources: Mapping[str, str]) -> list[Any]:
        place = programs.home / f"session{next(numbers)}"
        place.mkdir(mode=0o700)
        for name, text in sources.items():
            file = place / "evolution" / "sources" / f"{name}.source"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        folders = [f"XDG_{name}={place}" for name in ("RUNTIME_DIR", "CONFIG_HOME", "DATA_HOME", "CACHE_HOME")]
        said = programs.run(
            "env",
            *folders,
            "GIO_USE_NETWORK_MONITOR=base",
            "GSETTINGS_BACKEND=memory",
            "dbus-run-session",
            f"--config-file={bus}",
            "--",
            "/usr/bin/python3",
            Path(__file__).parent / driver,
            stdin=json.dumps(job).encode(),
        )
        found: list[Any] = json.loads(said.splitlines()[-1])
        assert not [each for each in found if isinstance(each, dict)], found
        return found

    return run
