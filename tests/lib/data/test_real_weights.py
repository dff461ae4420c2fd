"""The real SmolLM2-135M-Instruct, where it is: names, values, tokens, template.

Reads the weights where ``$INDUCTIVE_DATA``, an installed package or the cache has them.
"""

import jinja2
import numpy as np
import pytest
from gguf import GGUFReader

from inductive.data import DataUnavailableError, fetch
from inductive.data.language_models import Checkpoint, chat_prompt, load, packages

NAME = "SmolLM2-135M-Instruct"
PROBE = "In 2024, naïve café — 3 dogs\n\n  ran!  <|im_end|> 漢字 😀 \t'll"


@pytest.fixture(scope="module")
def model() -> Checkpoint:
    try:
        return load(NAME, download=False)
    except DataUnavailableError as missing:
        pytest.skip(f"not checked here: needs the weights of {NAME}; {missing}")


def test_the_file_is_the_published_one(model: Checkpoint) -> None:
    assert model.sha256 == dict(packages.PACKAGES[NAME.lower()].files)
    assert model.config["rope_layout"] == "interleaved"
    assert model.config["num_hidden_layers"] == 30


def test_tensors_have_the_names_and_shapes_of_the_hub(model: Checkpoint) -> None:
    layers = {
        "input_layernorm": (576,),
        "self_attn.q_proj": (576, 576),
        "self_attn.k_proj": (192, 576),
        "self_attn.v_proj": (192, 576),
        "self_attn.o_proj": (576, 576),
        "post_attention_layernorm": (576,),
        "mlp.gate_proj": (1536, 576),
        "mlp.up_proj": (1536, 576),
        "mlp.down_proj": (576, 1536),
    }
    expected = {
        "model.embed_tokens.weight": (49152, 576),
        "model.norm.weight": (576,),
        **{
            f"model.layers.{k}.{name}.weight": shape
            for k in range(30)
            for name, shape in layers.items()
        },
    }
    found = {name: tensor.shape for name, tensor in model.tensors.items()}
    assert found == expected
    assert sum(int(np.prod(shape)) for shape in found.values()) == 134_515_008


VALUES = {
    "model.embed_tokens.weight": (
        -0.1065673828125,
        0.032989501953125,
        -0.04168701171875,
    ),
    "model.layers.0.self_attn.q_proj.weight": (
        -0.0963134765625,
        0.1573486328125,
        -0.255859375,
    ),
    "model.layers.29.mlp.down_proj.weight": (-0.2734375, 0.186279296875, 0.056640625),
    "model.norm.weight": (1.7578125, 1.8203125, 1.984375),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_are_the_stored_ones(model: Checkpoint, name: str) -> None:
    assert tuple(model.tensors[name].ravel()[[0, 1, -1]].tolist()) == VALUES[name]


def test_tokens_of_a_probe_are_the_stored_ones(model: Checkpoint) -> None:
    found = model.tokenizer.encode(PROBE)
    assert found.ids == [
        788, 216, 34, 32, 34, 36, 28, 15486, 46494, 37366, 1841, 216, 35, 5046, 8866, 7674,
        17, 256, 2, 17097, 137, 112, 36518, 40303, 218, 216, 197, 3060,
    ]  # fmt: skip
    assert model.tokenizer.decode(found.ids, skip_special_tokens=False) == PROBE
    assert model.tokenizer.get_vocab_size() == 49152


def test_conversations_are_those_of_the_file_s_template(model: Checkpoint) -> None:
    del model
    paths = [
        path
        for place in (fetch.cache(), fetch.folder())
        if place is not None
        for path in place.rglob("SmolLM2-135M-Instruct.Q4_1.gguf")
    ]
    if not paths:
        pytest.skip("not checked here: the GGUF file lies in an installed package")
    template = GGUFReader(paths[0]).fields["tokenizer.chat_template"].contents()
    render = jinja2.Environment().from_string(template).render
    for turns in (
        [("user", "Hi.")],
        [
            ("system", "Be brief."),
            ("user", "Hi."),
            ("assistant", "Yes?"),
            ("user", "No."),
        ],
    ):
        messages = [{"role": role, "content": text} for role, text in turns]
        for answer in (True, False):
            text = render(messages=messages, add_generation_prompt=answer)
            assert chat_prompt(turns, answer=answer) == text
