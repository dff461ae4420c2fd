"""The text of conversations."""

import pytest

from inductive.data.language_models import chat_prompt


def test_a_system_message_goes_first_and_the_answer_is_opened() -> None:
    assert chat_prompt([("user", "Hi.")]) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by "
        "Hugging Face<|im_end|>\n<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\n"
    )


def test_several_turns_without_an_opening() -> None:
    turns = [("system", "Be brief."), ("user", "Hi."), ("assistant", "Yes?")]
    assert chat_prompt(turns, answer=False) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi.<|im_end|>\n"
        "<|im_start|>assistant\nYes?<|im_end|>\n"
    )


def test_no_message_and_unknown_roles_are_refused() -> None:
    with pytest.raises(ValueError, match="there is no message"):
        chat_prompt([])
    with pytest.raises(ValueError, match="no role is called 'human'"):
        chat_prompt([("human", "Hi.")])
