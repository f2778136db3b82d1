"""Follow the pages that people follow: run every `sh` block, and hold what is printed below it to what came.

`python -m docs.following` runs the pages in a fresh folder with an engine of its own and writes the results
into them. A block marked `sh` is run; one marked `bash` needs something that only the reader has (a server,
a provider, an administrator's rights), so it is only read. `text` right after a block that ran is its result.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from unittest.mock import patch

DOCS: Final = Path(__file__).resolve().parent
FOLLOWED: Final = (
    *(f"tutorial/{name}" for name in ("first-look", "own-file", "one-child", "agree", "share", "each-month")),
    *(f"how-to/{name}" for name in ("own-query", "neo4j-browser", "partner-list", "agency-mapping")),
    *(f"how-to/{name}" for name in ("figure-is-wrong", "wrong-merge", "rights", "schedule", "circulate")),
    *(f"how-to/{name}" for name in ("audit", "restore-drill", "upgrade", "broken")),
)
"""The pages in the order in which they are followed, one after the other in the same folder."""

_RESULT: Final = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
_ANSI: Final = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
WIDTH: Final = 116
"""Columns of the terminal that the results are printed for."""


class NotAsSaid(Exception):
    """A command of a page failed, or a block is not what it should be."""


class _Terminal(io.StringIO):
    """What a person sees: wide as a terminal, both streams in one."""

    def isatty(self) -> bool:
        return True


@dataclass
class Follower:
    """Somebody who does what the pages say, in one folder, with one environment.

    Commands of tacgraph run in this process (starting Python for each would be most of the time);
    everything else is given to bash.
    """

    folder: Path
    environment: dict[str, str]
    ran: list[str] = field(default_factory=list)

    def block(self, text: str) -> str:
        """Run a block line by line; gives what was printed. Raises `NotAsSaid` where a command fails."""
        shown, others = [], list[str]()
        for line in text.replace("\\\n", " ").splitlines():
            if re.match(r"(?:[A-Z_]+=\S+ )*tacgraph\b", line):
                shown += [self._bash(others), self._tacgraph(re.sub(r"\s+#.*$", "", line))]
                others = []
            elif re.match(r"(export|cd) ", line):
                shown.append(self._bash(others))
                others = []
                self._change(line)
            else:
                others.append(line)
        return "".join([*shown, self._bash(others)])

    def _change(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        if words[0] == "cd":
            self.folder = (self.folder / words[1]).resolve()
            return
        for word in words[1:]:
            name, _, value = word.partition("=")
            self.environment[name] = os.path.expandvars(value)

    def _bash(self, lines: list[str], given: str = "") -> str:
        if not "".join(lines).strip():
            return ""
        script = "\n".join(lines)
        self.ran.append(script)
        made = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise NotAsSaid(f"{script}\n{made.stdout}{made.stderr}")
        return made.stdout + made.stderr

    def _tacgraph(self, line: str) -> str:
        self.ran.append(line)
        own, *rest = re.split(r" (\||>>?) ", line, maxsplit=1)
        both = own.endswith(" 2>&1")
        before, _, after = own.removesuffix(" 2>&1").partition("tacgraph ")
        words, set_for_it = shlex.split(after), dict(word.split("=", 1) for word in before.split())
        with patch.dict(self.environment, set_for_it):
            if not rest:
                return self._inside(words)
            printed = io.StringIO()
            said = self._inside(words, printed, both=both)
            if rest[0] == "|":
                return said + self._bash([rest[1]], printed.getvalue())
        with (self.folder / rest[1]).open("a" if rest[0] == ">>" else "w", encoding="utf-8") as file:
            file.write(printed.getvalue())
        return said

    def _inside(self, words: list[str], printed: io.StringIO | None = None, *, both: bool = False) -> str:
        from graphmodel.settings import settings  # noqa: PLC0415  (the program is imported by those who run it)
        from tacgraph import cli, console  # noqa: PLC0415

        seen = _Terminal()
        settings.cache_clear()
        with (
            patch.dict(os.environ, self.environment),
            patch.object(console.ProgressBars, "begin"),
            patch.object(console.messages, "_width", WIDTH),
            patch.object(console.messages, "soft_wrap", new=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(seen if printed is None else printed),
            contextlib.redirect_stderr(printed if both and printed is not None else seen),
        ):
            os.environ["COLUMNS"] = str(WIDTH)
            try:
                cli.main(words)
            except SystemExit as ended:
                if ended.code:
                    raise NotAsSaid(
                        f"tacgraph {shlex.join(words)}: {ended.code}\n{seen.getvalue()}"
                    ) from None
        settings.cache_clear()
        return _ANSI.sub("", seen.getvalue())

    def stop(self) -> None:
        """End the engines of the data folders that were used."""
        from graphmodel import engine  # noqa: PLC0415

        for secrets in self.folder.rglob("engine.secrets.json"):
            engine.stop(secrets.parent)


def plain(text: str, here: Path, root: Path) -> str:
    """The printed text without what differs from run to run: times, random ids, where it ran, the day."""
    for folder in (here, root):
        text = text.replace(f"{folder}/", "").replace(str(folder), ".")
    text = text.replace(sys.executable, "python")
    text = re.sub(r"\b\d{8}T\d{6}-[0-9a-f]{6}\b", "20261102T090000-5ac0de", text)
    text = re.sub(r"in [\d.]+ s(?: \([\d,]+ rows a second\))?", "in 1.2 s", text)
    text = re.sub(r"decided by \S+ on [\d-]{10}", "decided by you on 2026-11-02", text)
    # how many looks there were, and files beside the graph, is for other tests
    text = re.sub(r"\b\d+ (lines, each|looks in|files in)", r"42 \1", text)
    text = re.sub(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:40000", text)
    text = re.sub(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(\+\d\d:\d\d|Z)?", "2026-11-02T09:00+00:00", text
    )
    text = re.sub(r"\b[0-9a-f]{64}\b", "9f2c…", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def followed(text: str, follower: Follower, root: Path) -> str:
    """The page's text with the results of its blocks as they came."""

    def run(block: re.Match[str]) -> str:
        came = plain(follower.block(block[1]), follower.folder, root)
        if block[2] is None:
            return block[0]
        return f"```sh\n{block[1]}```\n\n```text\n{came}\n```\n"

    return _RESULT.sub(run, text)


@contextlib.contextmanager
def follower(folder: Path) -> Iterator[Follower]:
    """Somebody with an empty folder; what they started is ended afterwards."""
    one = Follower(folder, {"TACGRAPH_HOME": str(folder / ".tacgraph"), "NEO4J_URI": ""})
    try:
        yield one
    finally:
        one.folder = folder
        one.stop()


def main(arguments: list[str]) -> int:
    """Follow every page and write the results into it; with `--check` only say which are not as they came."""
    stale = []
    with tempfile.TemporaryDirectory() as name, follower(Path(name).resolve()) as one:
        for page in FOLLOWED:
            path = DOCS / f"{page}.md"
            text = path.read_text(encoding="utf-8")
            came = followed(text, one, Path(name).resolve())
            if came != text:
                stale.append(page)
                if "--check" not in arguments:
                    path.write_text(came, encoding="utf-8")
    print("Written:" if stale else "All pages are as they came.", *stale)
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
