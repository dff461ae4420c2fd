"""The decoder of reasoning traces in PyTorch: its loss, and generation with a cache.

Blocks have an RMSNorm before attention and before the MLP, rotated queries and keys, and the
head is not tied; the embedding of each token is mixed with those of earlier ones.
"""

from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from inductive.models.decoder_lm import Config, Decoder


class Block(nn.Module):
    """Attention and MLP, each added to the stream."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        d, wide = config.width, config.hidden
        self.n_heads = config.n_heads
        self.attention_norm = nn.RMSNorm(d, eps=config.norm_eps)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.attention_out = nn.Linear(d, d, bias=False)
        self.mlp_norm = nn.RMSNorm(d, eps=config.norm_eps)
        self.mlp_in = nn.Linear(d, wide, bias=False)
        self.mlp_out = nn.Linear(wide, d, bias=False)

    def forward(self, x: Any, turn: Any, seen: Any, held: Any = None) -> Any:
        """The stream after the block.

        Args:
            x: the stream before it.
            turn: cosines and sines of the rotations.
            seen: which keys each query reads.
            held: keys and values of all slots, and the slots of these tokens.
        """
        flat = self.qkv(self.attention_norm(x))
        queries, keys, values = flat.unflatten(-1, (3, self.n_heads, -1)).permute(
            2, 0, 3, 1, 4
        )
        queries, keys = rotated(queries, turn), rotated(keys, turn)
        if held is not None:
            (all_keys, all_values), slots = held
            all_keys[:, :, slots], all_values[:, :, slots] = keys, values
            keys, values = (a[:, :, : slots.stop] for a in (all_keys, all_values))
        read = functional.scaled_dot_product_attention(queries, keys, values, seen)
        x = x + self.attention_out(read.transpose(1, 2).flatten(2))
        hidden = functional.gelu(self.mlp_in(self.mlp_norm(x)), approximate="tanh")
        return x + self.mlp_out(hidden)


class Peer(nn.Module):
    """A decoder with the weights of ours."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.width)
        self.smear = nn.Parameter(torch.zeros(config.smear, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.RMSNorm(config.width, eps=config.norm_eps)
        self.head = nn.Linear(config.width, config.vocab_size, bias=False)
        powers = torch.arange(0, config.head_size, 2, dtype=torch.float64)
        frequencies = config.rope.base ** (-powers / config.head_size)  # pyright: ignore
        self.register_buffer("frequencies", frequencies.float(), persistent=False)

    def forward(self, tokens: Any, documents: Any) -> Any:
        """Logits of packed rows.

        Args:
            tokens: rows of them.
            documents: number of each token's document within its row, 0 is padding.
        """
        x, seen = self.embedded(tokens, documents), visible(documents)
        turn = self.turn(positions(documents))
        for block in self.blocks:
            x = block(x, turn, seen)
        return self.head(self.norm(x))

    def embedded(self, tokens: Any, documents: Any) -> Any:
        """Embeddings mixed with those of earlier tokens of the same document.

        Args:
            tokens: rows of them.
            documents: as in :meth:`forward`.
        """
        plain = x = self.tokens(tokens)
        for back, scale in enumerate(self.smear, 1):
            same = documents[:, back:] == documents[:, :-back]
            before = plain[:, :-back] * (same & (documents[:, back:] > 0))[..., None]
            x = x + scale * functional.pad(before, (0, 0, back, 0))
        return x

    def turn(self, where: Any) -> Any:
        """Cosines and sines of rotations, for all heads.

        Args:
            where: position of each token.
        """
        phase = where[:, None, :, None] * self.frequencies
        return phase.cos(), phase.sin()


def rotated(x: Any, turn: Any) -> Any:
    """Queries or keys with the halves of their coordinates turned.

    Args:
        x: one a head and token.
        turn: cosines and sines.
    """
    (a, b), (cosine, sine) = x.chunk(2, -1), turn
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)


def positions(documents: Any) -> Any:
    """Position of each token within its row, without padding.

    Args:
        documents: as in :meth:`Peer.forward`.
    """
    return ((documents > 0).cumsum(-1) - 1).clamp(min=0)


def visible(documents: Any) -> Any:
    """Which keys each query reads: earlier ones of its document; padding reads itself.

    Args:
        documents: as in :meth:`Peer.forward`.
    """
    n = documents.shape[1]
    same = documents[:, :, None] == documents[:, None, :]
    return (same & torch.ones(n, n, dtype=torch.bool).tril())[:, None]


def loss(peer: Peer, tokens: Any, documents: Any, targets: Any) -> Any:
    """Mean cross-entropy of the tokens that are to be written.

    Args:
        peer: decoder.
        tokens: packed rows.
        documents: as in :meth:`Peer.forward`.
        targets: which tokens count; the first of a document never does.
    """
    logits = peer(tokens, documents)[:, :-1].flatten(0, 1)
    losses = functional.cross_entropy(logits, tokens[:, 1:].flatten(), reduction="none")
    weights = targets[:, 1:] & (documents[:, 1:] == documents[:, :-1])
    return (losses * weights.flatten()).sum() / weights.sum()


def peer_of(params: Decoder, config: Config) -> Peer:
    """Ours in PyTorch.

    Args:
        params: with stacked blocks.
        config: of the decoder.
    """
    made, state = Peer(config), {}
    for name in ("tokens", "norm", "head", "smear"):
        array = np.asarray(getattr(params, name))
        key = name if name == "smear" else f"{name}.weight"
        state[key] = array.T if name == "head" else array
    d, blocks = config.width, params.blocks
    for i in range(config.n_layers):
        own = {name: np.asarray(a[i]) for name, a in _present(blocks).items()}
        own["qkv"] = own["qkv"].transpose(2, 1, 3, 0).reshape(3 * d, d)
        own["attention_out"] = own["attention_out"].reshape(d, d).T
        own["mlp_in"], own["mlp_out"] = own["mlp_in"][:, 0].T, own["mlp_out"].T
        state |= {f"blocks.{i}.{name}.weight": array for name, array in own.items()}
    tensors = {name: torch.tensor(np.ascontiguousarray(a)) for name, a in state.items()}
    made.load_state_dict(tensors)
    return made


def _present(blocks: Any) -> dict[str, Any]:
    return {name: a for name, a in blocks._asdict().items() if a is not None}


class Writer:
    """Generation with a cache, for prompts padded on the left.

    Args:
        peer: decoder.
        tokens: prompts.
        mask: where they are.
        n_new: tokens of each row that are written.
        directions: added to the latest token's stream after each block.
    """

    def __init__(
        self, peer: Peer, tokens: Any, mask: Any, n_new: int, directions: Any
    ) -> None:
        self.peer, self.mask, self.n_new = peer, mask, n_new
        self.tokens, self.directions = tokens, directions

    @torch.inference_mode()
    def sampled(self) -> Any:
        """New tokens, drawn at temperature 1 until all have been written."""
        made, logits = [], self.begin()
        for step in range(self.n_new):
            drawn = torch.multinomial(logits.softmax(-1), 1)
            made.append(drawn)
            if step < self.n_new - 1:
                logits = self.next(drawn)
        return torch.cat(made, 1)

    @torch.inference_mode()
    def followed(self, given: Any) -> Any:
        """Logits before each of the given tokens, as its cache yields them.

        Args:
            given: tokens that are written.
        """
        logits = [self.begin()]
        logits += [self.next(given[:, i : i + 1]) for i in range(self.n_new - 1)]
        return torch.stack(logits, 1)

    def begin(self) -> Any:
        """Logits after the prompts; fills the cache."""
        n, length = self.tokens.shape
        config = self.peer.config
        shape = (n, config.n_heads, length + self.n_new, config.head_size)
        blocks = range(config.n_layers)
        self.cache = [(torch.zeros(shape), torch.zeros(shape)) for _ in blocks]
        self.there = functional.pad(self.mask, (0, self.n_new), value=True)
        self.recent = functional.pad(self.peer.tokens(self.tokens), (0, 0, 2, 0))[
            :, -config.smear :
        ]
        mask = self.mask.long()
        self.at = positions(mask)[:, -1:] + 1
        self.length = length
        x = self.peer.embedded(self.tokens, mask)
        return self._run(x, self.peer.turn(positions(mask)), visible(mask), length)

    def next(self, drawn: Any) -> Any:
        """Logits after one more token.

        Args:
            drawn: a token a row.
        """
        plain = self.peer.tokens(drawn)
        earlier = self.recent.flip(1)  # the nearest first, as in the scales
        x = plain + (self.peer.smear * earlier).sum(1, keepdim=True)
        self.recent = torch.cat([self.recent, plain], 1)[:, 1:]
        self.length += 1
        seen = self.there[:, None, None, : self.length]
        logits = self._run(x, self.peer.turn(self.at), seen, 1)
        self.at = self.at + 1
        return logits

    def _run(self, x: Any, turn: Any, seen: Any, count: int) -> Any:
        slots = slice(self.length - count, self.length)
        given = zip(self.peer.blocks, self.cache, self.directions, strict=True)
        for block, pair, direction in given:
            x = block(x, turn, seen, (pair, slots))
            x[:, -1] += direction
        return self.peer.head(self.peer.norm(x[:, -1]))
