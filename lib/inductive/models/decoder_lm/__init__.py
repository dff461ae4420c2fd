"""Decoder-only language models: one configurable decoder, from toy sizes to Llama and Phi.

``Config`` fixes sizes and variants (``Config.from_hub`` reads a ``config.json``), ``init`` and
``from_tensors`` make parameters, ``run`` and ``logits`` compute, ``generate`` continues
prompts, and ``tensor_shardings`` splits what one device cannot hold. Activations after any
block can be collected and edited, and blocks run in parts; ``push`` steers a decoder while it
writes, ``read`` keeps the streams of long texts after a few blocks.
"""

from inductive.models.decoder_lm.blocks import Edit, Mask, Steer
from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.forward import States, embed, logits, run, run_blocks
from inductive.models.decoder_lm.generation import Generated, generate
from inductive.models.decoder_lm.hub import SUPPORTED, UnsupportedArchitectureError
from inductive.models.decoder_lm.layers import attend, rms_norm
from inductive.models.decoder_lm.params import (
    Block,
    Decoder,
    MemoryPlan,
    init,
    memory_plan,
    n_blocks,
    shapes,
    slice_blocks,
    unstacked,
)
from inductive.models.decoder_lm.prompts import pad_left
from inductive.models.decoder_lm.reading import read
from inductive.models.decoder_lm.rotary import Llama3Scaling, Rope
from inductive.models.decoder_lm.sharding import device_mesh, place, tensor_shardings
from inductive.models.decoder_lm.steering import head_outputs, push, written
from inductive.models.decoder_lm.tensors import from_tensors
from inductive.models.decoder_lm.trials import trial_logits

__all__ = [
    "SUPPORTED",
    "Block",
    "Config",
    "Decoder",
    "Edit",
    "Generated",
    "Llama3Scaling",
    "Mask",
    "MemoryPlan",
    "Rope",
    "States",
    "Steer",
    "UnsupportedArchitectureError",
    "attend",
    "device_mesh",
    "embed",
    "from_tensors",
    "generate",
    "head_outputs",
    "init",
    "logits",
    "memory_plan",
    "n_blocks",
    "pad_left",
    "place",
    "push",
    "read",
    "rms_norm",
    "run",
    "run_blocks",
    "shapes",
    "slice_blocks",
    "tensor_shardings",
    "trial_logits",
    "unstacked",
    "written",
]
