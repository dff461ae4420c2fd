"""Records of a chapter that was run, as the runner writes them."""

from typing import Any


def run(slug: str, **changes: Any) -> dict[str, Any]:
    """Content of a ``run.json``.

    Args:
        slug: the chapter.
        changes: entries that are otherwise.
    """
    return {
        "slug": slug,
        "title": "Some paper",
        "profile": "paper",
        "parameters": {"seed": 3},
        "date": "2026-11-21",
        "seconds": 12.0,
        "peak_memory_mb": 512,
        "device": "cpu",
        "versions": {"python": "3.11.7", "jax": "0.10.2"},
        "hashes": {"source": "facade", "stores": {}, "published": {}},
        "fingerprint": "fade",
    } | changes
