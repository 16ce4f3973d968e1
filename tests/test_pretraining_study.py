"""What lesson 09 and its study measure with: tests of a language model, losses per level of noise, drawn digits."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from workbook.datasets.tiny_world import generate as tell
from workbook.diffusion.noise_levels import know_nothing, loss_per_level, noise_guess
from workbook.text import probes
from workbook.trainers import digit_diffusion, pretraining_study
from workbook.zoo.tiny_gpt import Size

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def cutter():
    return pretraining_study.finer(["the cat sat on the mat and the cat ran"] * 20, 300)


# ------------------------------------------------------------------------------------- tests of a language model


def test_word_order_exchanges_two_neighbours_inside():
    choices = probes.word_order(40, seed=30_001)
    assert len(choices) == 40 and {choice.right for choice in choices} == {0}
    for choice in choices:
        right, wrong = (option.split() for option in choice.options)
        places = [i for i, pair in enumerate(zip(right, wrong, strict=True)) if pair[0] != pair[1]]
        assert len(places) == 2 and places[1] == places[0] + 1 and 0 < places[0] < places[1] < len(right) - 1
        assert (right[places[0]], right[places[1]]) == (wrong[places[1]], wrong[places[0]])
    assert choices == probes.word_order(40, seed=30_001) != probes.word_order(40, seed=30_002)


def test_the_right_name_is_in_the_text_and_no_other_option_is():
    choices, stories = probes.which_name(30, seed=40_001), list(tell(110, seed=40_001, kinds=["stories"]))
    assert len(choices) == 30 and len({choice.right for choice in choices}) == 4
    assert probes.chance(choices) == 0.25
    for choice in choices:
        assert [option.strip() in choice.context for option in choice.options].index(True) == choice.right
        assert sum(option.strip() in choice.context for option in choice.options) == 1
        assert any(story.startswith(choice.context + choice.options[choice.right]) for story in stories)


def holder_of(thing, text):
    """Who has a thing at the end of a game: an account of its own, one sentence after the other."""
    events = [
        rf"(?P<b>\w+) had (an?|a pair of) {thing}\.", rf"\w+ gave the {thing} to (?P<b>\w+)\.",
        rf"(?P<b>\w+) took the {thing} from",
        rf"Now (?P<b>\w+) has the {thing}\.", rf"do you want the {thing}\?\" asked \w+\. (?P<b>\w+) took",
    ]  # fmt: skip
    found = [(match.start(), match["b"]) for event in events for match in re.finditer(event, text)]
    return max(found)[1]


def test_who_has_it_is_who_got_it_last():
    choices = probes.who_has_it(40, seed=3)
    assert len(choices) == 40
    moved = 0
    for choice in choices:
        thing, asker = re.search(r'"Who has the ([^?"]+)\?" asked (\w+)\. "$', choice.context).groups()
        names = [option.removesuffix(" has") for option in choice.options]
        assert names[choice.right] == holder_of(thing, choice.context)
        assert asker not in names and len(names) == len(set(names)) > 1
        moved += names[choice.right] != re.search(rf"(\w+) had (an?|a pair of) {thing}\.", choice.context)[1]
    assert moved > 5  # or one could answer from the first lines alone
    assert probes.chance(choices) == pytest.approx(np.mean([1 / len(choice.options) for choice in choices]))


class Flat(torch.nn.Module):
    """Finds all tokens equally likely, but for those it likes."""

    def __init__(self, size, liked=()):
        super().__init__()
        self.config, self.weight = SimpleNamespace(max_position_embeddings=64), torch.nn.Parameter(torch.zeros(size))
        self.weight.data[list(liked)] = 30.0

    def forward(self, input_ids, attention_mask, use_cache):
        return SimpleNamespace(logits=self.weight.expand(*input_ids.shape, -1))


def test_an_option_is_judged_by_all_its_tokens_together(cutter):
    # "zebra" is spelt letter by letter; per token both options are alike
    choice = probes.Choice("the cat", (" zebra", " sat"), 1)
    assert probes.accuracy(Flat(len(cutter)), cutter, [choice]) == 1.0
    liked = cutter(" zebra")["input_ids"]
    assert probes.accuracy(Flat(len(cutter), liked), cutter, [choice]) == 0.0
    more = [choice, probes.Choice("", (" sat", " zebra", " mouse"), 1)]
    assert probes.accuracy(Flat(len(cutter), liked), cutter, more, batch_size=2) == 0.5


def test_no_choice_is_no_test(cutter):
    with pytest.raises(ValueError, match="no choices"):
        probes.accuracy(Flat(len(cutter)), cutter, [])


# -------------------------------------------------------------------------------------------- levels of noise

ALPHAS = torch.linspace(0.99, 0.01, 50)


def test_a_model_that_knows_nothing_is_the_best_multiple_of_what_it_sees():
    generator = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(200_000, generator=generator) * scale for scale in (1.7, 1.0))
    expected = know_nothing(ALPHAS, 1.7**2)
    for level in (0, 20, 49):
        noisy = ALPHAS[level].sqrt() * clean + (1 - ALPHAS[level]).sqrt() * noise
        best = (noisy @ noise) / (noisy @ noisy)  # least squares
        assert (best * noisy - noise).square().mean().item() == pytest.approx(expected[level].item(), rel=0.02)
    assert know_nothing(ALPHAS, 0.0).tolist() == [0.0] * 50  # without a picture all that is seen is noise
    with pytest.raises(ValueError, match="not below 0"):
        know_nothing(ALPHAS, -1.0)


def test_loss_per_level_by_guesses_that_are_known():
    clean = torch.randn(6, 2, 4, 4, generator=torch.Generator().manual_seed(1))

    def knows(noisy, level):  # whoever knows the picture knows the noise
        share = ALPHAS[level].view(-1, 1, 1, 1)
        return (noisy - share.sqrt() * clean) / (1 - share).sqrt()

    assert loss_per_level(knows, clean, ALPHAS, [1, 25, 49]).tolist() == pytest.approx([0] * 3, abs=1e-8)
    silent = loss_per_level(lambda noisy, level: torch.zeros_like(noisy), clean, ALPHAS, [1, 25, 49])
    assert silent[0] == silent[1] == silent[2] and silent[0].item() == pytest.approx(1, abs=0.3)  # the same noise
    other = loss_per_level(lambda noisy, level: torch.zeros_like(noisy), clean, ALPHAS, [1], seed=1)
    assert other[0] != silent[0]


def test_levels_and_shapes_are_refused():
    clean = torch.zeros(2, 1, 2, 2)
    with pytest.raises(ValueError, match="0 to 49, not 50"):
        loss_per_level(lambda noisy, level: noisy, clean, ALPHAS, [0, 50])
    with pytest.raises(ValueError, match="shape"):
        loss_per_level(lambda noisy, level: noisy[:, :, 0], clean, ALPHAS, [0])


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_a_pipeline_tells_its_noise_whatever_it_predicts(kind):
    clean = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(2))

    class Unet:
        device, dtype = torch.device("cpu"), torch.float32

        def __call__(self, noisy, level, encoder_hidden_states):
            assert encoder_hidden_states.shape == (3, 5, 8)
            share = ALPHAS[level].view(-1, 1, 1, 1)
            noise = (noisy - share.sqrt() * clean) / (1 - share).sqrt()
            velocity = share.sqrt() * noise - (1 - share).sqrt() * clean
            return SimpleNamespace(sample=noise if kind == "epsilon" else velocity)

    scheduler = SimpleNamespace(config=SimpleNamespace(prediction_type=kind), alphas_cumprod=ALPHAS)
    guess = noise_guess(SimpleNamespace(unet=Unet(), scheduler=scheduler), torch.zeros(3, 5, 8))
    assert loss_per_level(guess, clean, ALPHAS, [3, 40]).tolist() == pytest.approx([0, 0], abs=1e-6)
    scheduler.config.prediction_type = "sample"
    with pytest.raises(ValueError, match="'sample'"):
        noise_guess(SimpleNamespace(unet=Unet(), scheduler=scheduler), torch.zeros(3, 5, 8))


# ------------------------------------------------------------------------------------------------ drawn digits


def test_digits_by_block():
    (pool, labels), (test, _) = digit_diffusion.digits("pool"), digit_diffusion.digits("test")
    assert pool.shape == (700, 1, 8, 8) and labels.shape == (700,) and test.shape == (797, 1, 8, 8)
    assert pool.min() == -1 and pool.max() == 1
    both, _ = digit_diffusion.digits("pool", "test")
    assert torch.equal(both, torch.cat([pool, test]))
    for wrong in (("pool", "train"), ()):
        with pytest.raises(ValueError, match="Expected blocks out of pool"):
            digit_diffusion.digits(*wrong)


class Draws(torch.nn.Module):
    """Guesses the noise by which every picture comes out as one that it knows."""

    def __init__(self, picture):
        super().__init__()
        self.picture, self.alphas = picture, digit_diffusion.scheduler().alphas_cumprod

    def forward(self, noisy, level):
        share = self.alphas[level].view(-1, 1, 1, 1)
        return SimpleNamespace(sample=(noisy - share.sqrt() * self.picture) / (1 - share).sqrt())


def test_sampling_ends_at_what_the_model_has_in_mind():
    picture = digit_diffusion.digits("pool")[0][:1]
    made = digit_diffusion.sample(Draws(picture), 3, steps=10)
    assert made.shape == (3, 1, 8, 8) and torch.allclose(made, picture.expand(3, -1, -1, -1), atol=0.1)
    silent = Draws(torch.zeros(1))
    assert torch.equal(digit_diffusion.sample(silent, 2, steps=3), digit_diffusion.sample(silent, 2, steps=3))


def test_noise_loss_is_zero_for_whoever_knows_the_picture_and_one_for_silence():
    picture = digit_diffusion.digits("pool")[0][:1]
    torch.manual_seed(0)
    assert digit_diffusion.noise_loss(Draws(picture), {"pictures": picture.expand(8, -1, -1, -1)}).item() < 1e-6
    silent = lambda noisy, level: SimpleNamespace(sample=torch.zeros_like(noisy))  # noqa: E731
    assert digit_diffusion.noise_loss(silent, {"pictures": picture.expand(64, -1, -1, -1)}).item() == pytest.approx(
        1, abs=0.1
    )


def test_pictures_are_of_use_if_they_show_all_digits():
    pictures, labels = digit_diffusion.digits("test")
    read = digit_diffusion.reader(*digit_diffusion.digits("pool"))
    assert (read(pictures) == labels).mean() > 0.9
    assert digit_diffusion.use(pictures, lambda unread: labels, pictures, labels) == 1.0
    zeros = pictures[labels == 0]
    assert digit_diffusion.use(zeros, lambda unread: np.zeros(len(unread)), pictures, labels) == np.mean(labels == 0)


def test_nearest_and_features():
    pictures, _ = digit_diffusion.digits("pool")
    assert digit_diffusion.nearest(pictures[3:5], pictures).tolist() == pytest.approx([0, 0], abs=1e-2)
    moved = pictures[:1].clone()
    moved[0, 0, 0, 0] += 2.0
    assert digit_diffusion.nearest(moved, pictures[:1])[0] == pytest.approx(2.0)
    seen = digit_diffusion.features(lambda large: large.mean((2, 3)), pictures[:5], batch_size=2)
    expected = ((pictures[:5].mean((1, 2, 3)) + 1) / 2).double().numpy()
    assert seen.shape == (5, 3) and np.allclose(seen, expected[:, None], atol=1e-6)


# ---------------------------------------------------------------------------------------------------- the study


def test_the_goal_is_what_a_compressor_needs_that_has_read_the_training_text():
    words = "".join(sorted({word for text in tell(40, seed=1) for word in text.split()}))
    assert pretraining_study.goal("x", words) > 3  # new to it
    assert pretraining_study.goal(words, words) < 0.5  # read before


def test_a_finer_tokenizer_has_so_many_pieces_and_loses_nothing(cutter):
    assert len(cutter) <= 300 and cutter.bos_token_id == cutter.eos_token_id
    text = "The zebra sat on the mat, ö"
    assert cutter.decode(cutter(text)["input_ids"]) == text


def test_watching_keeps_the_model_of_every_stop(monkeypatch, cutter):
    monkeypatch.setattr(pretraining_study, "tokenizer_of", lambda: cutter)
    for name, value in {"SIZE": Size("x", 16, 1, 1, 50), "LENGTH": 8, "BATCH": 2}.items():
        monkeypatch.setattr(pretraining_study, name, value)
    texts = ["the cat sat on the mat and the cat ran"] * 20
    seen = pretraining_study.pretrain(texts, 50, [0, 25, 50], seed=0)
    weights = [seen[step].transformer.wte.weight for step in (0, 25, 50)]
    assert list(seen) == [0, 25, 50]
    assert not torch.equal(weights[0], weights[1]) and not torch.equal(weights[1], weights[2])
    # the last one has learnt the only sentence there is
    paid = [pretraining_study.paid(seen[step], cutter, texts[:1]).loss for step in (0, 50)]
    assert paid[1] < paid[0] - 1
    rows = torch.randint(len(cutter), (8, 8))
    before = seen[50].transformer.wte.weight.clone()
    after = pretraining_study.tuned(seen[50], rows, 1, seed=0)
    assert torch.equal(seen[50].transformer.wte.weight, before)  # a copy was tuned
    assert not torch.equal(after.transformer.wte.weight, before)
