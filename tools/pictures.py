"""Take the README's pictures from the data folder's dashboard: `.venv/bin/python tools/pictures.py AS_OF`.

Serve the demo's data first (`make demo SERVE=no`); Chromium is the machine's own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PAGES = {"overview": ""} | {
    name: name for name in ("fairness", "overload", "duplication", "advice", "network")
}
WIDTH, HEIGHT = 1440, 1060
SETTLED_MS = 4_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(120):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise SystemExit(f"the dashboard on port {port} did not answer within a minute")


def main(as_of: str) -> None:
    """One picture a page, light theme, with the charts drawn."""
    PICTURES.mkdir(exist_ok=True)
    port = free_port()
    words = [sys.executable, "-m", "tacgraph", "dashboard", "--port", str(port), "--as-of", as_of]
    server = subprocess.Popen(words)
    try:
        wait_for(port)
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            for name, path in PAGES.items():
                page.goto(f"http://127.0.0.1:{port}/{path}")
                page.wait_for_selector(".js-plotly-plot .main-svg", timeout=60_000)
                page.wait_for_timeout(SETTLED_MS)
                page.screenshot(path=PICTURES / f"{name}.png")
                print(f"taken: docs/pictures/{name}.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(sys.argv[1])
