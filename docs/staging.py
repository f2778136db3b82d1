"""Build the documentation site: the pages laid out with their contents, then made into HTML, strictly.

`python -m docs.staging [FOLDER]` (or `make site`) writes `FOLDER/html`; nothing in it asks for anything
from another host, so it can be opened from disk or served by any web server.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs"
ASSETS: Final = DOCS / "site"
BESIDE: Final = {ROOT / name: name.lower() for name in ("CONTRIBUTING.md", "CHANGELOG.md")}
"""Pages of the front door that are also pages of the site, under these names."""


def _pages(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}{name}.md" for name in names.split())


CONTENTS: Final[dict[str, tuple[str, ...]]] = {
    "Start": ("index.md",),
    "Tutorial": _pages("tutorial/", "index first-look own-file one-child agree share each-month"),
    "How to": (
        *_pages("how-to/", "index own-query neo4j-browser neo4j-server schedule circulate restore-drill"),
        *_pages("how-to/", "upgrade rights agency-mapping partner-list wrong-merge figure-is-wrong audit"),
        *_pages("", "how-to/broken how-to/* install* sign-in keeping primer"),
    ),
    "Reference": (
        *_pages("", "reference/index queries measures model import-format sources settings command-line"),
        *_pages("", "performance guidance licences * queries/*"),
    ),
    "Explanation": (
        *_pages("explanation/", "index why-a-graph fairness suppression two-dates *"),
        *_pages("", "threat-model dpia"),
    ),
    "Decisions": _pages("decisions/", "index *"),
}
"""Each tab of the site with its pages in order; a pattern stands for those that no tab names."""

_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]`]|`[^`]*`|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_FENCE: Final = re.compile(r"(^```.*?^```$|`[^`\n]+`(?!\]))", re.DOTALL | re.MULTILINE)


class SiteFault(Exception):
    """The site cannot be built: what is wrong, and where."""


def sources() -> dict[str, Path]:
    """Every page of the site by its path there."""
    found = {str(page.relative_to(DOCS)): page for page in sorted(DOCS.rglob("*.md"))}
    return found | {name: page for page, name in BESIDE.items()}


def contents(pages: list[str]) -> list[dict[str, list[str]]]:
    """The pages by tab; each must be in one, and each that is named must exist."""
    left, found = list(pages), []
    named = {pattern for wanted in CONTENTS.values() for pattern in wanted}
    for tab, wanted in CONTENTS.items():
        inside: list[str] = []
        for pattern in wanted:
            deep = pattern.count("/")
            fits = [page for page in left if Path(page).match(pattern) and page.count("/") == deep]
            fits = [page for page in fits if page == pattern or page not in named]
            if not fits and "*" not in pattern:
                raise SiteFault(f"{tab}: no page {pattern}")
            inside += fits
            left = [page for page in left if page not in fits]
        found.append({tab: inside})
    if left:
        raise SiteFault(f"In no tab of the site (docs/staging.py): {', '.join(left)}")
    return found


def _target(page: Path, at: str, target: str) -> str | None:
    """Where a link leads on the site; None where only the source tree has it."""
    if re.match(r"[a-z]+:|#", target):
        return target
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve()
    if not file.exists():
        raise SiteFault(f"{page.relative_to(ROOT)}: {target} is not there")
    if file == ROOT / "README.md":
        file, anchor = DOCS / "index.md", ""
    if not (file in BESIDE or (file.is_relative_to(DOCS) and file.suffix in (".md", ".png", ".svg"))):
        return None
    there = BESIDE.get(file) or str(file.relative_to(DOCS))
    return os.path.relpath(there, Path(at).parent) + (f"#{anchor}" if anchor else "")


def staged(page: Path, at: str) -> str:
    """The text of a page as the site has it; what it links to outside becomes that file's name."""

    def mended(link: re.Match[str]) -> str:
        target = _target(page, at, link[3])
        if target is None:
            file = os.path.relpath((page.parent / link[3].partition("#")[0]).resolve(), ROOT)
            return f"{link[2]}, `{file}` of the source"
        return f"{link[1]}[{link[2]}]({target})"

    parts = _FENCE.split(page.read_text(encoding="utf-8"))
    return "".join(part if i % 2 else _LINK.sub(mended, part) for i, part in enumerate(parts))


def stage(folder: Path) -> list[str]:
    """Lay out pages, pictures, style and configuration in `folder`; gives the pages' paths."""
    shutil.rmtree(folder, ignore_errors=True)
    pages = sources()
    for at, page in pages.items():
        there = folder / "pages" / at
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(staged(page, at), encoding="utf-8")
    shown = {file: file.relative_to(DOCS) for file in (*DOCS.rglob("*.png"), *DOCS.rglob("*.svg"))}
    shown |= {file: Path("site") / file.name for file in ASSETS.iterdir() if file.suffix != ".yml"}
    for file, place in shown.items():
        there = folder / "pages" / place
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, there)
    configuration = (ASSETS / "mkdocs.yml").read_text(encoding="utf-8")
    nav = json.dumps(contents(list(pages)), indent=1)
    (folder / "mkdocs.yml").write_text(f"{configuration}nav: {nav}\n", encoding="utf-8")
    return list(pages)


def build(folder: Path) -> Path:
    """The site in `folder/html`; a broken link or anchor is a `SiteFault`."""
    stage(folder)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "-f", "mkdocs.yml"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise SiteFault(re.sub(r"\x1b\[[\d;]*m", "", made.stdout + made.stderr))
    return folder / "html"


def main(arguments: list[str]) -> int:
    """Build into the folder named (`site`); exit code 1 where a page or a link is wrong."""
    try:
        made = build(ROOT / (arguments[0] if arguments else "site"))
    except SiteFault as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"Written: {os.path.relpath(made)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
