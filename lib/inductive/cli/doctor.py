"""What this machine has, what is missing, and how to get it."""

import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import urlsplit

from inductive import paths
from inductive.cli import forge, git
from inductive.report import published

_NEEDED_GIB = 3.0
_BUTTONS = (
    "launch buttons and links to the repository stay off: "
    "`git remote {verb} origin https://github.com/<owner>/<name>` "
    f"(or {', '.join([*forge.PATHS][1:])}) turns them on"
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, what was found, and the remedy if it is bad."""

    what: str
    found: str
    remedy: str = ""


def examine() -> list[Finding]:
    """All findings, in the order in which a newcomer would want them."""
    return [
        _python(),
        _locked_versions(),
        _devices(),
        _memory(),
        _disk(),
        _git(),
        _remote(),
        _kernel(),
        _published_numbers(),
        _browser(),
    ]


def _python() -> Finding:
    old = sys.version_info < (3, 11)
    remedy = "install Python 3.11 or newer and run `make book`" if old else ""
    return Finding("Python", platform.python_version(), remedy)


def _locked_versions() -> Finding:
    lock = paths.root() / "requirements.lock"
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;\\]+) \\$", lock.read_text(), re.M))
    differing = []
    for name, version in pinned.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "none"
        if installed != version:
            differing.append(f"{name} {installed} (lock: {version})")
    if not differing:
        return Finding("Packages", f"all {len(pinned)} as in requirements.lock")
    return Finding(
        "Packages",
        ", ".join(differing[:5]) + (" …" if len(differing) > 5 else ""),
        "results agree within tolerance only; `make book` installs the locked versions",
    )


def _devices() -> Finding:
    import jax

    devices = ", ".join(str(device) for device in jax.devices())
    return Finding("JAX devices", f"{devices} (jax {jax.__version__})")


def _memory() -> Finding:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Finding("Memory", "not known on this system")
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Finding("Memory", f"{size:.0f} GiB, {os.cpu_count()} cores")


def _disk() -> Finding:
    free = shutil.disk_usage(paths.root()).free / 2**30
    short = free < _NEEDED_GIB
    remedy = (
        f"free {_NEEDED_GIB:.0f} GiB: environment and site need it" if short else ""
    )
    return Finding("Free disk", f"{free:.1f} GiB", remedy)


def _git() -> Finding:
    if shutil.which("git") is None:
        return Finding("git", "missing", "install git: pages then show their commit")
    return Finding(
        "git", f"at commit {git.ask('rev-parse', '--short', 'HEAD') or 'none'}"
    )


def _remote() -> Finding:
    address = git.ask("remote", "get-url", "origin")
    if not address:
        return Finding(
            "Repository", "no remote called origin", _BUTTONS.format(verb="add")
        )
    parts = urlsplit(address)
    shown = address.replace(f"{parts.username}:{parts.password}@", "")
    if forge.parse(address):
        return Finding("Repository", f"{shown}: pages link to it")
    remedy = _BUTTONS.format(verb="set-url")
    return Finding("Repository", f"{shown} is no https address of a forge", remedy)


def _kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager

    kernels = KernelSpecManager().find_kernel_specs()
    if "python3" in kernels:
        return Finding("Jupyter kernel", "python3")
    return Finding(
        "Jupyter kernel", "missing", "`python -m ipykernel install --sys-prefix`"
    )


def _published_numbers() -> Finding:
    bad = []
    for slug in published.slugs():
        for table in published.tables(slug):
            try:
                published.load(slug, table)
            except published.ChecksumError:
                bad.append(f"{slug}/{table}")
    if bad:
        return Finding(
            "Published numbers", f"changed: {', '.join(bad)}", "`git checkout` them"
        )
    return Finding("Published numbers", "all checksums agree")


def browser() -> str | None:
    """Path of a Chromium for the site's tests: ``$CHROMIUM``, else the first one on PATH."""
    names = filter(None, (os.environ.get("CHROMIUM"), *_BROWSERS))
    return next(filter(None, map(shutil.which, names)), None)


def _browser() -> Finding:
    found = browser()
    if found:
        return Finding("Browser (tests only)", os.path.basename(found))
    remedy = "`apt-get install chromium`, or any Chromium on PATH; without it site tests skip"
    return Finding("Browser (tests only)", "missing", remedy)
