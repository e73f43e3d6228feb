"""A PostgreSQL of the tests' own: started on a free port, thrown away at the end.

It refuses to run as root, so for root it runs as the user that its package made.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pg8000.native

from tests.required import absent

FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/usr/local/pgsql", "/opt/homebrew/opt")
WAIT_S = 60
USER = "postgres"
SHARED = Path("/dev/shm")
ENOUGH_BYTES = 4 << 30


def programs() -> Path:
    """Where `initdb` and `postgres` are."""
    found = [Path(one).resolve().parent for one in [shutil.which("initdb")] if one]
    found += [one.parent for folder in FOLDERS for one in Path(folder).glob("**/bin/initdb")]
    if not found:
        absent("postgres", "there is no PostgreSQL: install the package postgresql")
    return max(found)


def _memory() -> Path | None:
    """A folder in memory, if there is a large one: a busy disk takes a minute to delete the files.

    Each database has three hundred.
    """
    try:
        return SHARED if shutil.disk_usage(SHARED).free >= ENOUGH_BYTES else None
    except OSError:
        return None


@contextmanager
def server() -> Iterator[str]:
    """Run one until the block ends; the beginning of the addresses of its databases."""
    folder = programs()
    user = USER if os.getuid() == 0 else None
    if user is not None and user not in {one.pw_name for one in pwd.getpwall()}:
        absent("postgres", "PostgreSQL does not run as root, and there is no user postgres")
    data = Path(tempfile.mkdtemp(prefix="qianmian-postgres-", dir=_memory()))
    if user is not None:
        shutil.chown(data, user)
    try:
        options = ["-U", USER, "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C"]
        made = subprocess.run(
            [folder / "initdb", "-D", data / "db", *options],
            user=user,
            cwd=data,
            env={"PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        yield from _running(folder, data, user)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _running(folder: Path, data: Path, user: str | None) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", "fsync=off"]
    settings += ["-c", f"unix_socket_directories={data}", "-c", "max_connections=60"]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(
            [folder / "postgres", "-D", data / "db", *settings],
            user=user,
            cwd=data,
            env={"PATH": os.defpath},
            stdout=log,
            stderr=log,
        )
    try:
        answer = subprocess.run(
            [folder / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", str(WAIT_S)],
            capture_output=True,
            check=False,
        )
        while answer.returncode != 0:  # it answers at once while nobody listens
            assert process.poll() is None, (data / "log").read_text("utf-8", "replace")
            answer = subprocess.run(answer.args, capture_output=True, check=False)
        yield f"postgresql://{USER}@127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGQUIT)  # at once, without writing what nobody will read
        process.wait(WAIT_S)


def new_database(server_address: str, name: str, template: str = "template1") -> str:
    """The address of a new database: empty, or as its template is, which nobody may use now."""
    port = int(server_address.rpartition(":")[2].strip("/"))
    connection = pg8000.native.Connection(USER, host="127.0.0.1", port=port, database=USER)
    try:
        connection.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        connection.close()
    return server_address + name
