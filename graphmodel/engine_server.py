"""The embedded engine's own process: `python -m graphmodel.engine_server HOME`.

Run so, it takes the folder's lock, hands it to a detached process of its own session and leaves;
that process serves until it is told to end (SIGTERM, SIGINT), or nobody has used it for its idle
time. The lock belongs to the open file, so it passes over without a gap and falls with its last
holder.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from graphmodel.engine_accounts import write_accounts
from graphmodel.engine_files import (
    ACCOUNT_NAMES,
    DATABASE,
    OWNER_ONLY_FILE,
    EngineFiles,
    State,
    take_lock,
    wait_for_lock,
)

ALREADY_SERVED = 3
BOLT_PLUGIN = "Bolt:com.arcadedb.bolt.BoltProtocolPlugin"
LOOPBACK = "127.0.0.1"
LOG_LIMIT_BYTES = 8 * 1024 * 1024
TICK_SECONDS = 0.2
LOOK_SECONDS = 1.0
STOP_SECONDS = 10.0
ESTABLISHED = "01"

# What counts only as a JVM property: in the server's own configuration it is ignored without a word.
SETTINGS = {
    "arcadedb.txWalFlush": "2",  # an fsync at every commit
    "arcadedb.opencypher.loadCsv.allowFileUrls": "false",
    "arcadedb.opencypher.loadCsv.allowRemoteUrls": "false",
    "arcadedb.command.timeout": str(30 * 60 * 1000),  # milliseconds, of anybody's one command
    "arcadedb.polyglotEngineEnabled": "false",
    "arcadedb.server.logsDirectory": "log",
}


def jvm_arguments(heap: str) -> str:
    """The heap and the engine's settings, as the JVM bridge reads them; none of them is secret."""
    # -Xrs: the JVM leaves the signals to us. The collector: faster loads in less memory, measured.
    settings = (f"-D{name}={value}" for name, value in SETTINGS.items())
    return " ".join(["-Xrs", "-XX:+UseParallelGC", f"-Xmx{heap}", *settings])


def check_settings() -> None:
    """Refuse to serve without a setting that an upgrade renamed: the engine would ignore it silently."""
    import jpype  # type: ignore[import-untyped]  # noqa: PLC0415

    known = jpype.JClass("com.arcadedb.GlobalConfiguration")
    for name, value in SETTINGS.items():
        setting = known.findByKey(name)
        found = None if setting is None else str(setting.getValueAsString())
        if found != value:
            raise RuntimeError(f"the engine's setting {name} is {found}, not {value}")
    print("engine: settings hold:", *(f"{k}={v}" for k, v in SETTINGS.items()), file=sys.stderr, flush=True)


def open_connections(bolt_port: int) -> int | None:
    """How many clients hold a connection to the Bolt port; None where the system does not tell."""
    count, told = 0, False
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        told = True
        for line in lines:
            _, local, _, state, *_ = line.split()
            count += state == ESTABLISHED and int(local.rsplit(":", 1)[1], 16) == bolt_port
    return count if told else None


class EngineProcess:
    """One engine, from its start to its clean end."""

    def __init__(self, files: EngineFiles, options: argparse.Namespace) -> None:
        self.files = files
        self.options = options
        self.ending = False
        self.server: Any = None
        self.lock_inode = os.fstat(options.lock_descriptor).st_ino
        self.started_at = datetime.now(UTC).isoformat(timespec="seconds")
        self.bolt_port = 0

    def state(self, *, ready: bool) -> State:
        """What to tell the clients now."""
        return State(
            pid=os.getpid(),
            bolt_port=self.bolt_port,
            started_at=self.started_at,
            idle_seconds=self.options.idle_seconds,
            heap=self.options.heap,
            ready=ready,
        )

    def run(self) -> None:
        """Serve until told to end or idle, then leave nothing behind but the data."""
        self.files.forget_state()
        self.files.write_state(self.state(ready=False))
        self.files.renew_lease()
        try:
            self.start()
            self.files.write_state(self.state(ready=True))
            self.watch()
        finally:
            if self.owns_folder():
                self.files.forget_state()
            self.stop()

    def owns_folder(self) -> bool:
        """Whether the folder is still the one we locked: it may have been deleted, and made anew."""
        try:
            return self.files.lock.stat().st_ino == self.lock_inode
        except OSError:
            return False

    def start(self) -> None:
        """Start the JVM, its Bolt and HTTP listeners on free loopback ports, and the database."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.on_signal)
        accounts = self.files.ensure_accounts()
        write_accounts(self.files.root, accounts, self.options.reader_timeout)
        os.environ["ARCADEDB_JVM_ARGS"] = jvm_arguments(self.options.heap)
        # Imported here, not above: the launcher and every client would pay for the JVM bridge.
        from arcadedb_embedded import create_server  # noqa: PLC0415

        self.server = create_server(
            str(self.files.root),
            None,
            config={
                # Not "production": that mode answers every fault with "The request failed".
                "mode": "development",
                "host": LOOPBACK,
                "http_port": 0,
                "bolt.port": 0,
                "bolt.defaultDatabase": DATABASE,
                "server.plugins": BOLT_PLUGIN,
            },
        )
        check_settings()
        self.server.start()
        database = self.server.create_database(DATABASE)
        list(database.query("opencypher", "RETURN 1"))
        java = self.server._java_server  # noqa: SLF001 - the bindings do not tell the port
        self.bolt_port = next(
            int(plugin.getPort()) for plugin in java.getPlugins() if "bolt" in str(plugin.getClass())
        )

    def watch(self) -> None:
        """Wait for the end: a signal, a deleted folder, the idle time without lease or connection."""
        seen, active, looked = self.files.lease_time(), time.monotonic(), 0.0
        while not self.ending:
            time.sleep(TICK_SECONDS)
            now = time.monotonic()
            if now - looked < LOOK_SECONDS:
                continue
            looked = now
            if not self.owns_folder():
                return
            self.end_long_reads()
            self.bound_log()
            if open_connections(self.bolt_port):
                self.files.renew_lease()
            lease = self.files.lease_time()
            # By the lease's change and our own clock: a clock set forward must not end us.
            if lease != seen:
                seen, active = lease, now
            elif now - active >= self.options.idle_seconds and self.retire(seen):
                return

    def bound_log(self) -> None:
        """Empty the log when it has grown too long; the last engine's is kept beside it anyway."""
        if os.fstat(sys.stderr.fileno()).st_size > LOG_LIMIT_BYTES:
            os.ftruncate(sys.stderr.fileno(), 0)

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Withdraw from the folder at once and end with the next tick."""
        # A flag, not an Event: setting one inside a wait for it can lock this thread for ever.
        self.ending = True
        if self.owns_folder():
            self.files.forget_state()

    def end_long_reads(self) -> None:
        """End the reader's queries that ran over their time.

        The group's `readTimeout` sees only some of them (it is checked while records are scanned),
        a timeout set in the driver is ignored, and a query outlives its killed client.
        """
        reader, limit = ACCOUNT_NAMES["reader"], self.options.reader_timeout * 1000
        for query in self.server._java_server.getRunningQueries().getRunning():  # noqa: SLF001
            if str(query.getUser()) == reader and query.getElapsedMillis() > limit:
                query.terminate("its time limit")

    def retire(self, seen: float) -> bool:
        """Withdraw from the folder unless somebody is about to use us; starters wait for the lock."""
        descriptor = take_lock(self.files.start_lock)
        if descriptor is None:
            return False
        try:
            if self.files.lease_time() != seen or open_connections(self.bolt_port):
                return False
            self.files.forget_state()
            return True
        finally:
            os.close(descriptor)

    def stop(self) -> None:
        """Stop the server; a server that does not stop in time is left to the write-ahead log."""
        if self.server is None:
            return
        stopper = threading.Thread(target=self.server.stop, daemon=True)
        stopper.start()
        stopper.join(STOP_SECONDS)
        if stopper.is_alive():
            print("engine: did not stop in time, ending hard", file=sys.stderr, flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; it never carries a password."""
    parser = argparse.ArgumentParser(prog="python -m graphmodel.engine_server")
    parser.add_argument("home", type=Path)
    parser.add_argument("--idle-seconds", type=float, default=900)
    parser.add_argument("--reader-timeout", type=float, default=120)
    parser.add_argument("--heap", default="1g")
    parser.add_argument("--lock-descriptor", type=int)
    return parser.parse_args(arguments)


def launch(files: EngineFiles, options: argparse.Namespace) -> int:
    """Take the folder's lock and pass it to a detached process; 3 when another holds it."""
    descriptor = wait_for_lock(files.lock, timeout=2)
    if descriptor is None:
        return ALREADY_SERVED
    files.forget_state()
    if files.log.exists():
        files.log.replace(files.log.with_suffix(".log.1"))
    for old in files.root.glob("log/server-event-log-*"):
        old.unlink()
    log = os.open(files.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY_FILE)
    command = [
        *(sys.executable, "-P", "-m", "graphmodel.engine_server", str(files.home)),
        *("--idle-seconds", str(options.idle_seconds)),
        *("--reader-timeout", str(options.reader_timeout)),
        *("--heap", options.heap),
        *("--lock-descriptor", str(descriptor)),
    ]
    # Its launcher ends at once, so it is nobody's child and never stays behind as a zombie.
    if sys.platform == "win32":
        os.close(descriptor)  # no lock passes from process to process there: it takes its own
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, creationflags=flags)
    else:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(descriptor,),
            start_new_session=True,
        )
    os._exit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Launch, or as the launched process serve until the end."""
    os.umask(0o077)
    options = parse(arguments)
    files = EngineFiles(options.home.resolve())
    files.prepare()
    if options.lock_descriptor is None:
        return launch(files, options)
    if sys.platform == "win32":
        options.lock_descriptor = wait_for_lock(files.lock, timeout=10)
        if options.lock_descriptor is None:
            return ALREADY_SERVED
    os.chdir(files.root)
    code = 1
    try:
        EngineProcess(files, options).run()
        code = 0
    except Exception:
        logging.getLogger(__name__).exception("the engine ends by a fault")
    sys.stderr.flush()
    # Past the interpreter's own end: the JVM's threads would keep it alive.
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
