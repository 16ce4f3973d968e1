"""Asking a model the held-out questions: what it is shown, and how its answers are counted."""

from types import SimpleNamespace

import pytest

from workbook.datasets.instructions import load_instructions
from workbook.trainers import instruction_study
from workbook.trainers.instruction import prompt


class Words:
    """A tokenizer with a token per word."""

    def __call__(self, text):
        return {"input_ids": text.split()}


MODEL = SimpleNamespace(config=SimpleNamespace(max_position_embeddings=512))


@pytest.fixture
def says(monkeypatch):
    """Let the model answer what a function of the prompts gives; the prompts are collected."""
    asked = []

    def install(answer):
        def generate(model, tokenizer, prompts, **options):
            asked.extend(prompts)
            return answer(prompts)

        monkeypatch.setattr(instruction_study, "generate", generate)
        return asked

    return install


def test_references_follow_and_nonsense_does_not(says):
    examples = load_instructions("unseen_phrasings")[:20]
    says(lambda prompts: [f" {one.output}\n" for one in examples])
    right, answers = instruction_study.followed(MODEL, Words(), examples)
    assert right.tolist() == [1.0] * 20 and answers == [one.output.strip() for one in examples]
    says(lambda prompts: [" "] * 20)
    assert instruction_study.followed(MODEL, Words(), examples)[0].sum() == 0


def test_what_a_base_model_asks_itself_afterwards_does_not_count(says):
    (example,) = load_instructions("unseen_phrasings")[:1]
    says(lambda prompts: [f" {example.output}\n\nTask: Name a fox.\nAnswer: fox"])
    right, answers = instruction_study.followed(MODEL, Words(), [example])
    assert right.tolist() == [1.0] and answers == [example.output.strip()]


@pytest.mark.parametrize("split", ["unseen_entities", "unseen_family"])
def test_shots_are_of_the_same_family_and_never_the_question_itself(says, split):
    examples = load_instructions(split)[:10]
    asked = says(lambda prompts: [""] * len(prompts))
    instruction_study.followed(MODEL, Words(), examples, shots=2)
    pool = load_instructions("train") + load_instructions(split)
    for example, text in zip(examples, asked, strict=True):
        question = prompt(example.instruction, example.input)
        assert text.endswith(question) and text.count(question) == 1 and text.count("Task:") == 3
        shown = [one for one in pool if f"{prompt(one.instruction, one.input)} {one.output}" in text]
        assert len(shown) >= 2 and {one.family for one in shown} == {example.family}


def test_shots_that_do_not_fit_into_the_window_are_left_out(says):
    (example,) = load_instructions("unseen_entities")[:1]
    asked = says(lambda prompts: [""])
    small = SimpleNamespace(config=SimpleNamespace(max_position_embeddings=60))
    instruction_study.followed(small, Words(), [example], shots=3, new_tokens=20)
    assert len(asked[0].split()) <= 40 and asked[0].count("Task:") < 4
