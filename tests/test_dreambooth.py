"""DreamBooth: the loss of two halves, its batches, reading photos, class samples that are kept, and the training."""

from __future__ import annotations

import io
import itertools
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from workbook import studies
from workbook.datasets.subjects import Subject
from workbook.diffusion.dreambooth import dreambooth_batch, prior_preservation_loss
from workbook.diffusion.gallery import contact_sheet, save_gallery
from workbook.trainers import dreambooth as trainer
from workbook.trainers import dreambooth_study as study
from workbook.trainers.dreambooth import Recipe, class_samples, dreambooth, notes_on, read_photos

# ---------------------------------------------------------------------------------------------------------- the loss


@settings(deadline=None)
@given(some.integers(1, 4), some.floats(0, 5), some.booleans(), some.integers(0, 99))
def test_the_loss_is_the_two_means(half, prior_weight, weighted, seed):
    draw = torch.Generator().manual_seed(seed)
    prediction, target = (torch.randn(2 * half, 2, 3, 3, generator=draw) for _ in range(2))
    weights = torch.rand(2 * half, generator=draw) if weighted else None
    total = 0.0
    for row in range(2 * half):
        error = ((prediction[row] - target[row]) ** 2).mean().item() * (weights[row].item() if weighted else 1)
        total += error / half * (1 if row < half else prior_weight)
    loss = prior_preservation_loss(prediction, target, prior_weight, weights)
    assert loss.item() == pytest.approx(total, rel=1e-4, abs=1e-6)


def test_equal_to_diffusers_own_lines_without_weights():
    """chunk, mse_loss of either half, loss + prior_loss_weight * prior_loss: what its training script computes."""
    draw = torch.Generator().manual_seed(0)
    prediction, target = (torch.randn(6, 4, 8, 8, generator=draw) for _ in range(2))
    (a, prior), (b, prior_target) = prediction.chunk(2), target.chunk(2)
    mse = torch.nn.functional.mse_loss
    wanted = mse(a.float(), b.float()) + 0.7 * mse(prior.float(), prior_target.float())
    torch.testing.assert_close(prior_preservation_loss(prediction, target, 0.7), wanted)


def test_every_row_has_its_own_weight():
    """The class's rows are weighted by their own time steps, also with one row in each half."""
    prediction, target = torch.tensor([[1.0], [2.0]]), torch.zeros(2, 1)
    assert prior_preservation_loss(prediction, target, 1.0, torch.tensor([0.0, 3.0])).item() == 12
    assert prior_preservation_loss(prediction, target, 1.0, torch.tensor([5.0, 0.0])).item() == 5


def test_half_precision_is_summed_in_single():
    prediction = torch.full((2, 70_000), 1.0, dtype=torch.bfloat16)
    loss = prior_preservation_loss(prediction, torch.zeros_like(prediction))
    assert loss.dtype == torch.float32 and loss.item() == 2


def test_gradients_reach_both_halves():
    prediction = torch.ones(4, 3, requires_grad=True)
    prior_preservation_loss(prediction, torch.zeros(4, 3), 0.5).backward()
    torch.testing.assert_close(prediction.grad[:2], 2 * prediction.grad[2:])
    assert prediction.grad.abs().min() > 0


@pytest.mark.parametrize(
    ("prediction", "target", "weights", "words"),
    [
        (torch.zeros(3, 2), torch.zeros(3, 2), None, "batch of 3 has no two equal halves"),
        (torch.zeros(0, 2), torch.zeros(0, 2), None, "batch of 0 has no"),
        (torch.zeros(4, 2), torch.zeros(4, 3), None, r"one shape .* \(4, 2\) and \(4, 3\)"),
        (torch.zeros(4), torch.zeros(4), None, "one shape"),
        (torch.zeros(4, 2), torch.zeros(4, 2), torch.ones(2), r"each of the 4 rows.* shape \(2,\)"),
        (torch.zeros(2, 2), torch.zeros(2, 2), torch.ones(1), "each of the 2 rows"),  # no silent broadcast
        (torch.tensor([[0.0], [torch.nan]]), torch.zeros(2, 1), None, "prediction of row 1 holds NaN"),
        (torch.zeros(2, 1), torch.tensor([[torch.inf], [0.0]]), None, "target of row 0"),
        (torch.zeros(2, 1), torch.zeros(2, 1), torch.tensor([1.0, torch.nan]), "weights of row 1"),
    ],
)
def test_what_is_no_pair_of_halves_is_named(prediction, target, weights, words):
    with pytest.raises(ValueError, match=words):
        prior_preservation_loss(prediction, target, 1.0, weights)


# ------------------------------------------------------------------------------------------------------- the batches


@given(some.integers(1, 7), some.integers(1, 9), some.integers(1, 5))
def test_photos_and_samples_come_round_each_in_its_own_time(photos, samples, size):
    tensors = torch.arange(photos).float()[:, None], 100 + torch.arange(samples).float()[:, None]
    prompt, class_prompt = torch.zeros(1, 2, 3), torch.ones(1, 2, 3)
    seen = [], []
    for step in range(12):
        latents, embeddings = dreambooth_batch(*tensors, prompt, class_prompt, step, size)
        assert embeddings.shape == (2 * size, 2, 3)
        assert not embeddings[:size].any() and embeddings[size:].all()
        seen[0].extend(latents[:size, 0].tolist())
        seen[1].extend(latents[size:, 0].tolist())
    assert seen[0] == [float(row % photos) for row in range(12 * size)]
    assert seen[1] == [100.0 + row % samples for row in range(12 * size)]


# -------------------------------------------------------------------------------------------------------- the photos


def file_of(picture, kind="png", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


RED = Image.new("RGB", (40, 30), "red")


@pytest.mark.parametrize(
    "photo",
    [
        RED,
        np.asarray(RED),
        file_of(RED),
        file_of(RED, "webp", lossless=True),
        RED.convert("P"),
        bytearray(file_of(RED)),
    ],
    ids=["PIL", "array", "png", "webp", "palette", "bytearray"],
)
def test_photos_of_every_kind(photo):
    (read,) = read_photos([photo], 16)
    assert read.size == (16, 16) and read.mode == "RGB" and read.getpixel((8, 8)) == (255, 0, 0)


def test_photos_are_cut_in_the_middle_turned_upright_and_put_on_white(tmp_path):
    wide = Image.new("RGB", (60, 20), "blue")
    wide.paste("red", (20, 0, 40, 20))
    assert (np.asarray(read_photos([wide], 20)[0]) == (255, 0, 0)).all()
    exif = Image.Exif()
    exif[274] = 3  # upside down
    half = Image.new("RGB", (16, 16), "blue")
    half.paste("red", (0, 0, 16, 8))
    turned = read_photos([file_of(half, exif=exif)], 16)[0]
    assert turned.getpixel((8, 2)) == (0, 0, 255)
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert read_photos([clear], 8)[0].getpixel((4, 4)) == (255, 255, 255)
    (tmp_path / "a.png").write_bytes(file_of(RED))
    assert read_photos([str(tmp_path / "a.png"), tmp_path / "a.png"], 8)[1].getpixel((4, 4)) == (255, 0, 0)
    assert read_photos([np.zeros((9, 9), np.uint8)], 8)[0].getpixel((4, 4)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("photos", "words"),
    [
        ([], "no photo. Give three to five"),
        (b"bytes", "a list of photos"),
        ("photo.png", "a list of photos"),
        ([RED, b"hello"], r"Photo 1 can't be read as a picture: its format is unknown.* \(HEIC"),
        ([file_of(RED)[:50]], "Photo 0 can't be read"),
        ([b""], "Photo 0 can't be read"),
        (["/no/such/photo.png"], r"Photo 0 \(/no/such/photo.png\)"),
        ([np.zeros((4, 4, 3))], "Photo 0 is float64"),
        ([np.zeros((4, 4, 2), np.uint8)], "Photo 0 is uint8"),
        ([np.zeros((0, 4, 3), np.uint8)], "Photo 0 is uint8"),
        ([RED, 7], "Photo 1 is of type int"),
    ],
)
def test_what_is_no_photo_is_named(photos, words):
    with pytest.raises(ValueError, match=words):
        read_photos(photos, 8)


def test_what_to_expect_of_one_photo_and_of_fifty():
    recipe = Recipe(steps=200, size=4)
    assert "One photo: the ground and the pose become part" in notes_on(1, recipe)[0]
    assert "seen 800 times" in notes_on(1, recipe)[0]
    assert "Two photos" in notes_on(2, recipe)[0]
    assert notes_on(3, recipe) == notes_on(5, recipe) == []
    assert "50 photos: all are used" in notes_on(50, recipe)[0] and "seen 16 times" in notes_on(50, recipe)[0]


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        (dict(steps=0), "steps"),
        (dict(size=2.0), "size"),
        (dict(prior_weight=-1), "prior_weight"),
        (dict(prior_weight=float("nan")), "prior_weight"),
        (dict(class_samples=0), "class_samples is 0. Ask for some, or train without the term: prior_weight=0"),
    ],
)
def test_recipes_that_make_no_sense(settings_, words):
    with pytest.raises(ValueError, match=words):
        Recipe(**settings_)


# ------------------------------------------------------------------------------------------------- a random pipeline


WORDS = "<pad> <start> <end> <unk> a photo of sks cat on grass".split()


@pytest.fixture(scope="module")
def pipeline():
    """A StableDiffusionPipeline for pictures of 16 × 16 pixels with random weights: 4 × 4 latents of 8 channels."""
    return random_pipeline()


def random_pipeline(seed=0):
    import diffusers
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    torch.manual_seed(seed)
    vae = diffusers.AutoencoderKL(
        latent_channels=8, block_out_channels=(8, 8, 8), norm_num_groups=4, layers_per_block=1, sample_size=16,
        down_block_types=("DownEncoderBlock2D",) * 3, scaling_factor=0.5,
        up_block_types=("UpDecoderBlock2D",) * 3,
    )  # fmt: skip
    unet = diffusers.UNet2DConditionModel(
        sample_size=4, in_channels=8, out_channels=8, block_out_channels=(16, 16), norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=8, attention_head_dim=4,
    )  # fmt: skip
    tokens = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokens.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokens.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 2)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokens, pad_token="<pad>", eos_token="<end>", unk_token="<unk>", model_max_length=10
    )
    config = transformers.CLIPTextConfig(
        vocab_size=len(WORDS), hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=10, eos_token_id=len(WORDS) - 1, bos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    return diffusers.StableDiffusionPipeline(
        vae=vae.eval(), text_encoder=transformers.CLIPTextModel(config).eval(), tokenizer=tokenizer, unet=unet.eval(),
        scheduler=diffusers.DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------- the class's samples


def test_class_samples_are_made_once_and_kept(pipeline, tmp_path, monkeypatch):
    made = []
    make = trainer._make
    monkeypatch.setattr(trainer, "_make", lambda *args: made.append(args[2]) or make(*args))
    options = dict(keep=tmp_path, progress=None, batch=2, steps=2, guidance=1.5)
    first = class_samples(pipeline, "a photo of a cat", 3, **options)
    assert made == [[0, 1], [2]] and len(first) == 3
    again = class_samples(pipeline, "a photo of a cat", 3, **options)
    assert made == [[0, 1], [2]]  # read, not made
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    more = class_samples(pipeline, "a photo of a cat", 5, **options)
    assert made[2:] == [[3, 4]] and np.array_equal(more[2], first[2])
    (folder,) = tmp_path.iterdir()
    (folder / "00001.png").write_bytes(b"damaged")
    mended = class_samples(pipeline, "a photo of a cat", 5, **options)
    assert made[3:] == [[1]] and np.array_equal(mended[1], first[1])  # the same noise gives the same picture
    assert "a photo of a cat" in (folder / "set.json").read_text()
    assert not list(folder.glob(".*"))  # no half-written file is left


@pytest.mark.parametrize("other", [dict(prompt="a photo of a on"), dict(seed=1), dict(steps=3), dict(pipeline=1)])
def test_another_prompt_seed_setting_or_model_is_another_set(pipeline, tmp_path, other):
    def make(pipeline=pipeline, prompt="a photo of a cat", seed=0, steps=2):
        return class_samples(pipeline, prompt, 1, seed=seed, keep=tmp_path, progress=None, steps=steps)[0]

    one = make()
    if "pipeline" in other:
        other = {"pipeline": random_pipeline(seed=1)}
    assert not np.array_equal(one, make(**other)) and len(list(tmp_path.iterdir())) == 2


def test_no_class_sample_is_no_file(pipeline, tmp_path):
    assert class_samples(pipeline, "a photo of a cat", 0, keep=tmp_path) == []
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------------------ the training

PHOTOS = [Image.new("RGB", (20, 20), colour) for colour in ("red", "orange", "brown")]
SAMPLES = [Image.new("RGB", (16, 16), colour) for colour in ("blue", "navy", "teal", "cyan")]
PROMPTS = ("a photo of a sks cat", "a photo of a cat")


def teach(pipeline, recipe, photos=PHOTOS, samples=SAMPLES, prompts=PROMPTS, **options):
    return dreambooth(pipeline, photos, *prompts, recipe, samples=samples, progress=None, **options)


def weights(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(3, 1e-2, 2),
        Recipe(3, 1e-2, 2, prior_weight=0, class_samples=0),
        Recipe(3, 1e-2, 2, lora_rank=2, gamma=5.0),
    ],
    ids=["full", "without the prior", "LoRA"],
)
def test_the_base_stays_as_it_is_and_the_copy_learns(pipeline, recipe):
    before = weights(pipeline.unet), weights(pipeline.text_encoder), weights(pipeline.vae)
    taught = teach(pipeline, recipe)
    assert same(before[0], weights(pipeline.unet)) and same(before[1], weights(pipeline.text_encoder))
    assert same(before[2], weights(pipeline.vae)) and taught.pipeline.vae is pipeline.vae
    assert taught.history.steps == 3 and taught.pipeline.text_encoder is pipeline.text_encoder
    noise = torch.randn(1, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    states = torch.ones(1, 10, 8)
    with torch.no_grad():
        one, other = (part.unet(noise, 5, encoder_hidden_states=states).sample for part in (pipeline, taught.pipeline))
    assert (one - other).abs().max() > 1e-4
    assert not hasattr(pipeline.unet, "peft_config") or not pipeline.unet.peft_config


def test_lora_learns_little_and_shares_the_base(pipeline):
    taught = teach(pipeline, Recipe(2, 1e-2, 1, lora_rank=2))
    learnt = {name for name, value in taught.pipeline.unet.named_parameters() if value.requires_grad}
    assert learnt and all("lora" in name for name in learnt)
    shared = {value.data_ptr() for value in pipeline.unet.parameters()}
    others = [value for name, value in taught.pipeline.unet.named_parameters() if "lora" not in name]
    assert others and all(value.data_ptr() in shared for value in others)


def test_the_text_encoder_learns_where_it_is_asked_to(pipeline):
    before = weights(pipeline.text_encoder)
    taught = teach(pipeline, Recipe(2, 1e-2, 1, text_encoder=True))
    assert same(before, weights(pipeline.text_encoder)) and not same(before, weights(taught.pipeline.text_encoder))


def test_the_same_seed_gives_the_same_model(pipeline):
    runs = [teach(pipeline, Recipe(3, 1e-2, 2), seed=seed).history.losses for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_encoders_run_once_and_not_at_every_step(pipeline, monkeypatch):
    calls = []
    for name in ("vae", "text_encoder"):
        part = getattr(pipeline, name)
        method = "encode" if name == "vae" else "forward"
        kept = getattr(part, method)
        monkeypatch.setattr(part, method, lambda *a, kept=kept, name=name, **k: calls.append(name) or kept(*a, **k))
    teach(pipeline, Recipe(4, 1e-3, 2))
    assert len(calls) <= 4


def test_the_objective_by_hand(pipeline):
    """Noise, time steps, target and weights as drawn, against the formula on the same random numbers."""
    recipe = Recipe(1, size=2, prior_weight=0.5, gamma=5.0)
    latents, text = torch.randn(4, 8, 4, 4), torch.randn(4, 10, 8)
    learner = trainer.Learner(pipeline.unet)
    torch.manual_seed(3)
    loss = trainer.objective_of(pipeline.scheduler, recipe)(learner, (latents, text))
    torch.manual_seed(3)
    noise = torch.randn_like(latents)
    times = torch.randint(1000, (4,))
    total = 0.0
    for row in range(4):
        alpha = pipeline.scheduler.alphas_cumprod[times[row]].item()
        noisy = alpha**0.5 * latents[row] + (1 - alpha) ** 0.5 * noise[row]
        with torch.no_grad():
            guess = pipeline.unet(noisy[None], times[row], encoder_hidden_states=text[row][None]).sample[0]
        snr = alpha / (1 - alpha)
        total += (guess - noise[row]).square().mean().item() * min(snr, 5) / snr / 2 * (0.5 if row >= 2 else 1)
    assert loss.item() == pytest.approx(total, rel=1e-4)


def test_one_photo_and_fifty(pipeline):
    one = teach(pipeline, Recipe(2, 1e-3, 2), photos=PHOTOS[:1])
    assert "One photo" in one.notes[0] and one.history.steps == 2
    fifty = teach(pipeline, Recipe(2, 1e-3, 2), photos=PHOTOS * 16 + PHOTOS[:2])
    assert "50 photos: all are used" in fifty.notes[0]


def test_class_samples_are_made_where_none_are_given(pipeline, tmp_path):
    recipe = Recipe(1, 1e-3, 1, class_samples=2)
    taught = teach(pipeline, recipe, samples=None, keep=tmp_path, sampling=dict(steps=2))
    assert len(taught.class_samples) == 2 and len(list(tmp_path.rglob("*.png"))) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(samples=[]), "`samples` is empty"),
        (dict(photos=[]), "no photo"),
        (dict(photos=[b"x"]), "Photo 0"),
        (dict(prompts=("a photo of a cat", "a photo of a cat")), "no token that the class prompt"),
        (dict(prompts=("a cat", "a photo of a cat")), "the subject has no name"),
        (dict(prompts=("a photo of a xyzzy cat", "a photo of a cat")), "doesn't know a word"),
    ],
)
@pytest.mark.parametrize("unknown", ["<unk>", "<end>"])  # a token of its own, or as CLIP has it
def test_what_cannot_be_taught_is_named(pipeline, changes, words, unknown, monkeypatch):
    if unknown == "<end>":
        tokenizer = pipeline.tokenizer

        def tokenize(text, **options):
            found = tokenizer(text, **options)
            found["input_ids"] = [2 if token == 3 else token for token in found.input_ids]
            return found

        tokenize.unk_token_id = tokenize.eos_token_id = 2
        monkeypatch.setattr(pipeline, "tokenizer", tokenize)
    with pytest.raises(ValueError, match=words):
        teach(pipeline, Recipe(1), **changes)


# ---------------------------------------------------------------------------------------------- gallery and study


def test_a_gallery_is_saved_with_its_prompts(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_HOME", str(tmp_path))
    pictures = {"A sks cat, at night!": RED, "b": np.zeros((4, 4, 3), np.uint8)}
    where = save_gallery(pictures, "16/gallery", {"steps": 3})
    assert where == tmp_path / "16" / "gallery"
    listed = json.loads((where / "gallery.json").read_text())
    assert listed["steps"] == 3 and [one["prompt"] for one in listed["pictures"]] == list(pictures)
    assert listed["pictures"][0]["file"] == "00_a_sks_cat_at_night.png"
    assert Image.open(where / listed["pictures"][0]["file"]).getpixel((1, 1)) == (255, 0, 0)


def test_a_contact_sheet_has_a_row_for_each_name():
    fig = contact_sheet({"one": [RED, RED], "other": [RED]}, "Title", ["a", "b"])
    assert len(fig.axes) == 4 and fig._suptitle.get_text() == "Title"
    assert sum(len(axis.images) for axis in fig.axes) == 3
    plt.close(fig)
    with pytest.raises(ValueError, match="no picture"):
        contact_sheet({"one": []}, "Title")


class FakeJudges:
    """Embeddings that are easy to follow: a picture's mean colour; a text's is that of the colour it names."""

    def dino(self, pictures):
        return torch.stack([torch.tensor(np.asarray(picture).reshape(-1, 3).mean(0)) for picture in pictures]).float()

    clip = dino

    def texts(self, prompts):
        assert not any("sks" in prompt for prompt in prompts)  # CLIP has never seen the token
        colours = ("red", "green", "blue")
        return torch.tensor([[float(word in prompt) for word in colours] for prompt in prompts])

    def layers(self, pictures):
        return [self.dino(pictures)[:, :, None, None]]


def plain(*colours):
    return [Image.new("RGB", (4, 4), colour) for colour in colours]


def test_each_measure_looks_at_its_own_pictures():
    subject = Subject("x", "cat", tuple(plain("red")), tuple(plain("red", "red")))
    texts = ["a {} in red", "a {} in blue"]
    found = study.measure_pictures(plain("red", "blue"), texts, plain("blue", "lime"), subject, FakeJudges())
    assert found["dino"] == found["clip_i"] == pytest.approx(0.5)  # one of the two looks like the subject
    assert found["clip_t"] == pytest.approx(1)  # both look like their own prompts
    assert found["pres"] == pytest.approx(0)  # no picture of the class does
    assert found["div"] == pytest.approx(2)  # and these two have nothing in common


def test_the_rate_is_the_one_of_the_best_validation_score():
    rows = [
        {"part": "rates", "way": "full", "rate": rate, "dino": dino, "clip_t": clip_t}
        for rate, dino, clip_t in ((1e-4, 0.5, 0.30), (1e-3, 0.6, 0.25), (1e-2, 0.7, 0.05))
    ]
    rows.append({"part": "prior", "way": "full", "rate": 7.0, "dino": 1.0, "clip_t": 1.0})
    assert study.best_rate(rows, "full") == 1e-3
    with pytest.raises(LookupError, match="run its part `rates` first"):
        study.best_rate(rows, "LoRA")


def test_the_study_holds_what_the_lesson_asks_for():
    rows = studies.load(study.NAME)["rows"]
    for name, weight, seed in itertools.product(study.SUBJECTS, study.LAMBDAS, study.SEEDS):
        wanted = dict(part="prior", subject=name, prior_weight=weight, seed=seed)
        assert len([row for row in rows if all(row.get(key) == value for key, value in wanted.items())]) == 1
    curve = {(row["photos"], row["step"], row["seed"]) for row in rows if row["part"] == "curve"}
    wanted = set(itertools.product(study.PHOTOS, study.AT, study.SEEDS)) | {(5, study.LONGEST, s) for s in study.SEEDS}
    assert curve == wanted
    for way, rates in study.RATES.items():  # chosen inside what was tried, not at its edge
        assert min(rates) < study.best_rate(rows, way) < max(rates)
