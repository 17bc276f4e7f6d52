"""The agent as a site installs it: its wheel in an environment of its own, under another user."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
OTHER_USER = "nobody"


@dataclass(frozen=True)
class Installed:
    """An environment with the agent, and a home for it."""

    folder: Path
    user: str | None

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def spool(self) -> Path:
        """Where the agent keeps its identity and its spool."""
        return self.folder / "home" / "spool"

    def command(self, *arguments: str) -> list[str]:
        """`datawave-edge` as a person types it."""
        return [str(self.python.with_name("datawave-edge")), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """What the agent's user has set; nothing of the tests'."""
        home = str(self.folder / "home")
        return {"PATH": os.defpath, "HOME": home, "DATAWAVE_SPOOL": str(self.spool), **more}

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments), env=self.environment(**more), user=self.user, cwd="/",
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def start(self, log: Path, **more: str) -> subprocess.Popen[bytes]:
        """Run the agent until it is stopped."""
        with log.open("ab") as file:
            return subprocess.Popen(
                self.command("run"), env=self.environment(**more), user=self.user, cwd="/",
                stdout=file, stderr=file,
            )  # fmt: skip

    def list_packages(self) -> list[str]:
        """What `pip install` brought."""
        listed = subprocess.run(
            [str(UV), "pip", "freeze", "--python", str(self.python)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return listed.stdout.split("\n")[:-1]

    def count_bytes(self) -> int:
        """Bytes of all that was installed."""
        files = (self.folder / "venv" / "lib").rglob("*")
        return sum(file.lstat().st_size for file in files if not file.is_symlink())


@contextlib.contextmanager
def install_agent(extras: str) -> Iterator[Installed]:
    """Build the wheel and install it, for another user where this one may become any."""
    # pytest's own folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="datawave-edge-"))
    user = OTHER_USER if os.geteuid() == 0 else None
    try:
        folder.chmod(0o755)
        (folder / "home").mkdir(mode=0o700)
        if user is not None:
            os.chown(folder / "home", pwd.getpwnam(user).pw_uid, -1)
        _uv("build", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT / "edge_agent"))
        wheel = next((folder / "dist").glob("*.whl"))
        _uv("venv", "--python", _find_python(user), str(folder / "venv"))
        python = str(folder / "venv" / "bin" / "python")
        _uv("pip", "install", "--python", python, f"datawave-edge[{extras}] @ {wheel.as_uri()}")
        yield Installed(folder, user)
    finally:
        shutil.rmtree(folder)


def _uv(*arguments: str) -> None:
    done = subprocess.run(
        [str(UV), "--quiet", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"uv {arguments[0]} failed: {done.stderr[-2000:]}")


def _find_python(user: str | None) -> str:
    """One that the user can run: root's own home is closed to others."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        real = os.path.realpath(python)
        probe = [real, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        with contextlib.suppress(OSError):
            if subprocess.run(probe, user=user, cwd="/", check=False).returncode == 0:
                return real
    raise RuntimeError(f"{user or 'This user'} can run no Python of 3.11 or later here.")
