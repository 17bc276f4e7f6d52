"""Refreshes static/vendor/ and the icon set from the npm registry, at the versions pinned here.

Run it from anywhere with Python 3.11 and npm: `python scripts/vendor_static.py`. Nothing at run
time or in the tests needs npm: the result is committed.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
ICONS = ROOT / "datawave" / "templatetags" / "icons.json"


@dataclass(frozen=True)
class Package:
    """One npm package: where its files lie inside the archive, and what we call them."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


PACKAGES = [
    Package(
        "@tabler/core",
        "1.6.1",
        "MIT",
        {"dist/css/tabler.min.css": "tabler.min.css", "dist/js/tabler.min.js": "tabler.min.js"},
    ),
    Package("htmx.org", "4.0.1", "0BSD", {"dist/htmx.min.js": "htmx.min.js"}),
    Package("chart.js", "4.6.1", "MIT", {"dist/chart.umd.min.js": "chart.min.js"}),
    Package("@dagrejs/dagre", "3.1.3", "MIT", {"dist/dagre.min.js": "dagre.min.js"}),
    Package(
        "@fontsource-variable/inter",
        "5.3.0",
        "OFL-1.1",
        {"files/inter-latin-wght-normal.woff2": "inter.woff2"},
    ),
]
ICON_PACKAGE = Package("@tabler/icons", "3.51.0", "MIT", {})

ICON_NAMES = Path(__file__).with_suffix(".icons.txt").read_text().split()


def main() -> None:
    """Fetches every package into a temporary folder and writes the files that we serve."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            write_package(package, unpack(package, Path(folder)))
        write_icons(unpack(ICON_PACKAGE, Path(folder)))
    write_versions()


def unpack(package: Package, folder: Path) -> Path:
    """Downloads the archive with npm (which checks its hash) and unpacks it."""
    target = folder / package.name.replace("/", "_")
    target.mkdir()
    command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    packed = subprocess.run(command, cwd=target, check=True, capture_output=True, text=True)  # noqa: S603  # a command of our own
    with tarfile.open(target / packed.stdout.split()[-1]) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def write_package(package: Package, source: Path) -> None:
    for inside, name in package.files.items():
        content = (source / inside).read_bytes()
        if name.endswith((".css", ".js")):
            content = clean(content.decode()).encode()
        (VENDOR / name).write_bytes(content)
    write_licence(package, source)


def write_licence(package: Package, source: Path) -> None:
    """Copies the licence text; Tabler's archive has none, its files carry it in their header."""
    licence = next(source.glob("LICENSE*"), None)
    if licence:
        folder = VENDOR / "licences"
        folder.mkdir(exist_ok=True)
        stem = package.name.strip("@").replace("/", "-")
        (folder / f"{stem}.txt").write_bytes(licence.read_bytes())


def clean(text: str) -> str:
    """Drops source-map comments (the manifest storage follows them) and inlined images."""
    text = re.sub(r"\n?/\*# sourceMappingURL=.*?\*/|\n?//# sourceMappingURL=\S*", "", text)
    return pull_images_out(text).rstrip() + "\n"


def pull_images_out(css: str) -> str:
    """Writes each data: image to a file, because our policy allows images from ourselves only."""
    found: dict[str, str] = {}

    def to_file(match: re.Match[str]) -> str:
        data = match.group(1)
        name = found.setdefault(data, f"img/{len(found) + 1:02d}.svg")
        (VENDOR / "img").mkdir(exist_ok=True)
        (VENDOR / name).write_text(unquote(data).rstrip() + "\n")
        return f'url("{name}")'

    return re.sub(r'url\("data:image/svg\+xml,([^"]*)"\)', to_file, css)


def write_icons(source: Path) -> None:
    """Keeps the drawing of each named icon, without the wrapper that the tag adds."""
    nodes = json.loads((source / "tabler-nodes-outline.json").read_text())
    drawings = {name: "".join(map(draw, nodes[name])) for name in sorted(ICON_NAMES)}
    lines = [f"{json.dumps(name)}:{json.dumps(svg)}" for name, svg in drawings.items()]
    ICONS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    write_licence(ICON_PACKAGE, source)


def draw(node: tuple[str, dict[str, str]]) -> str:
    tag, attributes = node
    pairs = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{tag}{pairs}/>"


def write_versions() -> None:
    rows = [
        f"{package.name}  {package.version}  {package.licence}"
        for package in [*PACKAGES, ICON_PACKAGE]
    ]
    header = "Vendored from the npm registry by scripts/vendor_static.py"
    (VENDOR / "VERSIONS.txt").write_text("\n".join([header, "", *rows]) + "\n")


if __name__ == "__main__":
    main()
