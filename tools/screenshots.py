"""Take the README's pictures: `make screenshots`, or `python -m tools.screenshots` where the tests can run.

A real server runs on a demo instance in a temporary folder, Chromium signs in through the page as people do, and each
picture is written to docs/images with few colours, so that it stays small.
"""

import base64
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from app.identity.demo import PASSPHRASE, SECRET
from app.identity.factors.codes import present_code
from app.kernel.db import now
from tools.machine import browser
from tools.progress import CannotStart, say

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
LARGEST = 80 * 1024  # bytes of one picture
COLOURS = (96, 64, 48, 32)  # tried in turn until the picture is small enough
READY_SECONDS = 30.0
#: Nothing leaves the machine: not the browser's own services, not a name that a page might ask for.
ALONE = ("--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")


@dataclass(frozen=True, slots=True)
class Visit:
    """One person at one screen: whose pictures are taken, and how."""

    label: str
    person: str
    locale: str
    width: int
    height: int
    sharpness: int
    night: bool = False


VISITS = (
    Visit("ar-360", "نور", "ar-SY", 360, 740, 2),
    Visit("en-1280", "Lina", "en-GB", 1280, 800, 1),
)
#: The moderators' queue.
STAFF = Visit("ar-1280", "هالة", "ar-SY", 1280, 800, 1)
#: A room with many messages, in either language.
LIVELY = re.compile("كلام المساء|Evening talk")
#: A room after dark.
NIGHT = Visit("ar-360-night", "نور", "ar-SY", 360, 740, 2, night=True)


def take_all() -> list[Path]:
    """Take every picture. Returns the files; raises CannotStart without a browser or when the server does not come."""
    program = browser()
    if program is None:
        raise CannotStart("chromium is not installed: apt install chromium-headless-shell, or chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    with _demo_site() as address, sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(ALONE))
        for visit in VISITS:
            page = _open(running, visit, address)
            page.goto("/apply")
            taken.append(_take(page, f"apply-{visit.label}"))
            page.goto("/sign-in")
            taken.append(_take(page, f"sign-in-{visit.label}"))
            _sign_in(page, visit)
            taken.append(_take(page, f"home-{visit.label}"))
            page.goto("/rooms")
            taken.append(_take(page, f"rooms-{visit.label}"))
            _enter_a_room(page)
            taken.append(_take(page, f"room-{visit.label}"))
            page.goto("/safety")
            taken.append(_take(page, f"safety-{visit.label}"))
        page = _open(running, STAFF, address)
        page.goto("/sign-in")
        _sign_in(page, STAFF)
        page.goto("/queue")
        taken.append(_take(page, f"queue-{STAFF.label}"))
        page = _open(running, NIGHT, address)
        page.goto("/sign-in")
        _sign_in(page, NIGHT)
        _enter_a_room(page)
        taken.append(_take(page, f"room-{NIGHT.label}"))
        running.close()
    return taken


@contextmanager
def _demo_site() -> Iterator[str]:
    """The address of a real server on a demo instance that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        environ = {**kept, "SANAD_INSTANCE": str(Path(folder) / "instance"), "PORT": str(port)}
        for command in ("instance", "demo"):
            _run([sys.executable, "-m", "flask", command], environ)
        server = subprocess.Popen(
            [sys.executable, "wsgi.py"], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_ready(address)
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=20)


def _run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotStart(f"{' '.join(command[1:])}: {(done.stderr or done.stdout).strip()}")


def _wait_until_ready(address: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise CannotStart(f"the server was not ready after {READY_SECONDS:.0f} s")


def _open(browser: Browser, visit: Visit, address: str) -> Page:
    context = browser.new_context(
        base_url=address,
        viewport={"width": visit.width, "height": visit.height},
        device_scale_factor=visit.sharpness,
        locale=visit.locale,
        timezone_id="UTC",
        color_scheme="dark" if visit.night else "light",
        reduced_motion="reduce",
    )
    return context.new_page()


def _sign_in(page: Page, visit: Visit) -> None:
    page.locator("input[name=name]").fill(visit.person)
    page.locator("input[name=passphrase]").fill(PASSPHRASE)
    page.locator("main button[type=submit]").click()
    page.wait_for_load_state()
    if page.url.split("?")[0].endswith("/sign-in/second"):
        page.locator("input[name=code]").fill(present_code(SECRET, now()))
        page.locator("main form:has(input[name=code]) button[type=submit]").click()
    page.wait_for_url("**/")


def _enter_a_room(page: Page) -> None:
    page.goto("/rooms")
    page.get_by_role("link", name=LIVELY).first.click()
    page.wait_for_selector("[data-messages] li")


def _take(page: Page, name: str) -> Path:
    """Take what is on the screen, once it is at rest, and write it with few colours."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    width, height, pixels = _pixels(page, page.screenshot())
    path = IMAGES / f"{name}.png"
    for colours in COLOURS:
        path.write_bytes(_png(width, height, *_with_palette(pixels, colours)))
        if path.stat().st_size <= LARGEST:
            break
    else:
        raise CannotStart(f"{path.name} is larger than {LARGEST // 1024} KB")
    say(f"{path.relative_to(ROOT)} {path.stat().st_size / 1024:.0f} KB")
    return path


def _pixels(page: Page, png: bytes) -> tuple[int, int, memoryview]:
    """Width, height and the pixels (one number each) of a picture, read by the browser that made it."""
    blank = page.context.new_page()
    width, height, encoded = blank.evaluate(
        """async (png) => {
            const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
            const image = await createImageBitmap(new Blob([bytes]));
            const paper = new OffscreenCanvas(image.width, image.height).getContext("2d");
            paper.drawImage(image, 0, 0);
            const { data } = paper.getImageData(0, 0, image.width, image.height);
            let text = "";
            for (let start = 0; start < data.length; start += 32768)
                text += String.fromCharCode(...data.subarray(start, start + 32768));
            return [image.width, image.height, btoa(text)];
        }""",
        base64.b64encode(png).decode(),
    )
    blank.close()
    return width, height, memoryview(base64.b64decode(encoded)).cast("I")


def _with_palette(pixels: memoryview, colours: int) -> tuple[list[tuple[int, int, int]], bytes]:
    """The most frequent colours, and for each pixel the number of the nearest one."""
    counted = Counter(pixels)
    palette = [_rgb(colour) for colour, _times in counted.most_common(colours)]
    nearest = {colour: _nearest(_rgb(colour), palette) for colour in counted}
    return palette, bytes(nearest[pixel] for pixel in pixels)


def _rgb(pixel: int) -> tuple[int, int, int]:
    red, green, blue, _alpha = struct.pack("=I", pixel)
    return red, green, blue


def _nearest(colour: tuple[int, int, int], palette: list[tuple[int, int, int]]) -> int:
    distances = [sum((one - other) ** 2 for one, other in zip(colour, entry, strict=True)) for entry in palette]
    return distances.index(min(distances))


def _png(width: int, height: int, palette: list[tuple[int, int, int]], indices: bytes) -> bytes:
    """An 8-bit PNG with a palette (PNG, third edition, section 11.2), its lines unfiltered."""
    lines = b"".join(b"\0" + indices[start : start + width] for start in range(0, width * height, width))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(bytes(entry) for entry in palette)),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def main() -> int:
    try:
        take_all()
    except CannotStart as problem:
        say(f"sanad: {problem}", sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
