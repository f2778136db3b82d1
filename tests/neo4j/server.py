"""Start, stop, kill and restart a real Neo4j Community server on loopback, for tests and benchmarks."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import neo4j
from neo4j.exceptions import DriverError, Neo4jError

from tests.neo4j.artifacts import Neo4jUnavailable, find_java, resolve_jars

USERNAME = "neo4j"
READY_SECONDS = 90.0
STOP_SECONDS = 60.0
LOG_TAIL_LINES = 25
# another process may take a free port between our look and the server's bind
PORT_ATTEMPTS = 3

# the server's own start script passes these; without the opened modules the page cache is slower
JVM_OPTIONS = (
    "-XX:+UseG1GC",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:+DisableExplicitGC",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Djdk.nio.maxCachedBufferSize=1024",
    "-Dlog4j2.disable.jmx=true",
    "-Dfile.encoding=UTF-8",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
)

# the first compiler tier alone: half the processor time at a start, half as much again in a long load
QUICK_START = ("-XX:TieredStopAtLevel=1",)

# the watcher's end of the pipe closes however the parent dies, SIGKILL included
WATCHER = 'while read -r _; do :; done; kill -KILL "$1" 2>/dev/null'


@dataclass
class RunningNeo4j:
    """A server of ours: where it listens, how to get in, and its life.

    It dies with the process that started it: a watcher holds the reading end of a pipe from its starter and
    sends SIGKILL when that closes. (Not PR_SET_PDEATHSIG: that fires when the starting *thread* ends.)
    """

    home: Path
    password: str = field(repr=False)
    port: int
    heap: str
    jvm_options: tuple[str, ...] = ()
    username: str = USERNAME
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _watcher: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        return f"bolt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The JVM's process id; `Neo4jUnavailable` when it is not running."""
        if self.process is None:
            message = f"Neo4j in {self.home} is not running; restart() it"
            raise Neo4jUnavailable(message)
        return self.process.pid

    @property
    def import_folder(self) -> Path:
        """What `LOAD CSV FROM 'file:///NAME'` reads from."""
        return self.home / "import"

    def driver(self) -> neo4j.Driver:
        """A new driver with the server's credentials; the caller closes it."""
        return neo4j.GraphDatabase.driver(self.uri, auth=(self.username, self.password))

    def stop(self) -> None:
        """End it in good order (SIGTERM), after a minute by force; nothing when it is not running.

        Takes 10 s, the server's own grace for its connections: kill() is the way for a home thrown away.
        """
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._reap()

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would; nothing when it is not running."""
        if self.process is not None:
            self.process.kill()
            self._reap()

    def restart(self) -> None:
        """Start it again on the same home, port and password; stops it first when it runs."""
        self.stop()
        self._launch()

    def _launch(self) -> None:
        java = find_java()
        log = self.home / "logs" / "neo4j.log"
        log.unlink(missing_ok=True)
        command = [java, f"-Xms{self.heap}", f"-Xmx{self.heap}", *JVM_OPTIONS, *self.jvm_options]
        command += ["-cp", f"{resolve_jars()}/*", "org.neo4j.server.CommunityEntryPoint"]
        command += [f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}"]
        with (self.home / "console.log").open("ab") as console:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                cwd=self.home,
                start_new_session=True,
            )
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", WATCHER, "sh", str(self.process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._wait_until_ready(log)
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self, log: Path) -> None:
        deadline = time.monotonic() + READY_SECONDS
        fault = "no word from it"
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                fault = "the process ended"
                break
            if "Started." in _text(log):
                try:
                    with self.driver() as driver, driver.session() as session:
                        session.run("RETURN 1").consume()
                except (DriverError, Neo4jError) as error:
                    fault = str(error)
                else:
                    return
            time.sleep(0.1)
        said = "\n".join((_text(self.home / "console.log") + _text(log)).splitlines()[-LOG_TAIL_LINES:])
        mend = "see the log below; short of memory, pass a smaller heap and page_cache"
        raise Neo4jUnavailable(f"Neo4j in {self.home} did not answer Bolt: {fault}; {mend}\n{said}")

    def _reap(self) -> None:
        # the watcher first: once the JVM is reaped its id may be another process's
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.wait()
            if self._watcher.stdin is not None:
                self._watcher.stdin.close()
            self._watcher = None
        if self.process is not None:
            self.process.wait()
            self.process = None


def start_neo4j(
    home: Path,
    *,
    heap: str = "1g",
    page_cache: str = "512m",
    settings: Mapping[str, str] | None = None,
    jvm_options: Sequence[str] = (),
) -> RunningNeo4j:
    """A server on a fresh `home`, ready for Bolt on a free loopback port, with a random password.

    `heap` and `page_cache` in the JVM's and Neo4j's words ("1g"); `settings` are lines of neo4j.conf on top
    of ours, `jvm_options` more words for the JVM (`QUICK_START` for tests). The first call on a machine
    resolves the jars. `Neo4jUnavailable` when Java, Maven or the server fails, or when `home` already holds a
    server: restart() is the way to start one again.
    """
    home = home.resolve()
    if (home / "data").exists():
        raise Neo4jUnavailable(f"{home} already holds a server's data; give a fresh folder")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in ("conf", "import", "logs"):
        (home / folder).mkdir(exist_ok=True)
    server = RunningNeo4j(
        home=home, password=secrets.token_hex(16), port=0, heap=heap, jvm_options=tuple(jvm_options)
    )
    for attempt in range(1, PORT_ATTEMPTS + 1):
        server.port = _free_port()
        _write_configuration(home, server.port, page_cache, settings or {})
        if attempt == 1:
            _set_initial_password(home, server.password)
        try:
            server._launch()
        except Neo4jUnavailable as error:
            if attempt == PORT_ATTEMPTS or "Address already in use" not in str(error):
                raise
        else:
            break
    return server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_configuration(home: Path, port: int, page_cache: str, settings: Mapping[str, str]) -> None:
    lines = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.bolt.advertised_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "server.directories.import": "import",
        "server.memory.pagecache.size": page_cache,
        # else an empty home takes 0.5 GB of disk
        "db.tx_log.preallocate": "false",
        "dbms.security.auth_enabled": "true",
        "dbms.usage_report.enabled": "false",
        **settings,
    }
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    (home / "conf" / "neo4j.conf").write_text(text, encoding="utf-8")


def _set_initial_password(home: Path, password: str) -> None:
    command = [
        find_java(),
        "-XX:TieredStopAtLevel=1",
        "-cp",
        f"{resolve_jars()}/*",
        "org.neo4j.cli.AdminTool",
    ]
    command += ["dbms", "set-initial-password", password]
    environment = {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=READY_SECONDS
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).replace(password, "…").strip()
        raise Neo4jUnavailable(f"Neo4j in {home}: the initial password was not set: {said}")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
