"""Conversations as the text that SmolLM2's instruct models were finetuned on."""

from collections.abc import Sequence

ROLES = ("system", "user", "assistant")

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
"""System message of a conversation that starts with none."""


def chat_prompt(messages: Sequence[tuple[str, str]], *, answer: bool = True) -> str:
    r"""The text of a conversation, by the chat template of SmolLM2-135M-Instruct.

    Each message becomes ``<|im_start|>role\ncontent<|im_end|>\n``.

    Args:
        messages: pairs of a role (``"system"``, ``"user"`` or ``"assistant"``) and a text;
            :data:`SYSTEM` goes before them if the first is not the system's.
        answer: whether the text ends with the opening of the assistant's next message.

    Raises:
        ValueError: no message, or an unknown role.
    """
    if not messages:
        raise ValueError('there is no message: give at least one, ("user", text)')
    for role, _ in messages:
        if role not in ROLES:
            raise ValueError(f"no role is called {role!r}: choose {', '.join(ROLES)}")
    first = [] if messages[0][0] == "system" else [("system", SYSTEM)]
    text = "".join(
        f"<|im_start|>{role}\n{content}<|im_end|>\n"
        for role, content in [*first, *messages]
    )
    return text + "<|im_start|>assistant\n" * answer
