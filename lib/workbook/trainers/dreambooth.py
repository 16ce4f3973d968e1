"""Teaching a text-to-image model one subject from a few photos: DreamBooth, with the prior term, in full or as LoRA.

    taught = dreambooth(pipeline, photos, "a photo of a sks cat", "a photo of a cat", Recipe(steps=200))
    taught.pipeline("a sks cat on the moon").images[0]

The photos' latents and the prompts' embeddings never change while the encoders are frozen: they are computed once, and
a step is one pass through the UNet. The pictures of the class are made once, too, and kept on disk.

Source: Ruiz et al. 2023, DreamBooth (arXiv 2208.12242), section 3.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbook import files, show
from workbook.diffusion.dreambooth import dreambooth_batch, errors_of, prior_preservation_loss
from workbook.diffusion.generate import generate, noise_of
from workbook.trainers.diffusion import encode_pictures, encode_prompts, min_snr_weights, target_of, token_ids
from workbook.trainers.history import History
from workbook.trainers.loop import fit

ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]  # where diffusers' own script puts its adapters
FEW, MANY = 3, 10  # photos: below the one a note says what to expect, and above the other


@dataclass(frozen=True)
class Recipe:
    """How a subject is taught.

    steps: optimizer steps. rate: the learning rate. size: photos in a batch, with as many class samples behind them.
    prior_weight: λ of the prior term; 0 trains without it, and needs no class samples. class_samples: how many are
    made. lora_rank: 0 lets the whole UNet learn, r adapters of rank r beside its attention. gamma: of min-SNR
    weighting, None for none. text_encoder: whether the text encoder learns as well; its embeddings are then computed at
    every step.
    """

    steps: int = 200
    rate: float = 1e-4
    size: int = 4
    prior_weight: float = 1.0
    class_samples: int = 64
    lora_rank: int = 0
    gamma: float | None = None
    text_encoder: bool = False

    def __post_init__(self) -> None:
        for name in ("steps", "size"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, not {getattr(self, name)!r}.")
        if not self.prior_weight >= 0:
            raise ValueError(f"prior_weight must be 0 or above, not {self.prior_weight!r}.")
        if self.prior_weight and self.class_samples < 1:
            raise ValueError(
                f"The prior term (prior_weight={self.prior_weight:g}) needs class samples, and class_samples is "
                f"{self.class_samples}. Ask for some, or train without the term: prior_weight=0."
            )


@dataclass
class Taught:
    """A personalised pipeline (its parts shared with the base, but for what has learnt), the training's history, the
    class samples that were used, and sentences about what the choice of photos means.
    """

    pipeline: Any
    history: History
    class_samples: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


# ------------------------------------------------------------------------------------------------------- the photos


def read_photos(photos: Sequence[Any], size: int) -> list[Any]:
    """Photos as square PIL pictures of size × size pixels: turned upright, cut in the middle, in RGB.

    photos: PIL pictures, uint8 arrays (H, W, 3) or (H, W), the bytes of picture files, or paths. What is transparent
    becomes white. Raises ValueError for none at all, and for what is no picture, by its number.
    """
    if isinstance(photos, (str, bytes, Path)):
        raise ValueError("Expected a list of photos, got a single one: put it into a list.")
    if len(photos) == 0:
        raise ValueError(
            "There is no photo. Give three to five pictures of the subject, in different places and poses."
        )
    return [_square(_opened(photo, number), size) for number, photo in enumerate(photos)]


def side_of(pipeline: Any) -> int:
    """The side in pixels of the pictures that a pipeline draws."""
    return pipeline.unet.config.sample_size * 2 ** (len(pipeline.vae.config.block_out_channels) - 1)


def _opened(photo: Any, number: int) -> Any:
    """A PIL picture of whatever was given."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(photo, np.ndarray):
        if (
            photo.dtype != np.uint8
            or photo.ndim not in (2, 3)
            or 0 in photo.shape
            or photo.shape[2:] not in ((), (3,), (4,))
        ):
            raise ValueError(f"Photo {number} is {photo.dtype} {photo.shape}: expected uint8, (H, W, 3) or (H, W).")
        return Image.fromarray(photo)
    if isinstance(photo, Image.Image):
        return photo
    if not isinstance(photo, (bytes, bytearray, memoryview, str, Path)):
        raise ValueError(
            f"Photo {number} is of type {type(photo).__name__}: expected a picture, an array, bytes or a path."
        )
    source = Path(photo) if isinstance(photo, (str, Path)) else io.BytesIO(bytes(photo))
    name = f" ({source})" if isinstance(source, Path) else ""
    try:
        with Image.open(source) as opened:
            opened.load()
            return opened
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = "its format is unknown" if isinstance(error, UnidentifiedImageError) else str(error)
        raise ValueError(
            f"Photo {number}{name} can't be read as a picture: {reason}. Give JPEG, PNG or WebP files; export other "
            "formats (HEIC, raw) to JPEG first."
        ) from None


def _square(photo: Any, size: int) -> Any:
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(photo)
    if upright.has_transparency_data:
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright.convert("RGBA"))
    return ImageOps.fit(upright.convert("RGB"), (size, size), Image.Resampling.LANCZOS)


def notes_on(photos: int, recipe: Recipe) -> list[str]:
    """What to expect of so many photos, in sentences; none where there is nothing to say."""
    seen = f"In {recipe.steps} steps of {recipe.size} each is seen {recipe.steps * recipe.size / photos:.0f} times"
    if photos < FEW:
        which = "One photo" if photos == 1 else "Two photos"
        return [
            f"{which}: the ground and the pose become part of the subject, for nothing tells them apart. {seen}; add "
            "pictures in other places, or train for fewer steps."
        ]
    if photos > MANY:
        return [f"{photos} photos: all are used. {seen}; raise `steps` if the likeness stays weak."]
    return []


# ------------------------------------------------------------------------------------- the model's own class samples


def fingerprint(pipeline: Any) -> str:
    """A short hash of a pipeline's weights, from a few numbers of every tensor: class samples of another model are
    others."""
    digest = hashlib.sha256()
    for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        for name, value in part.state_dict().items():
            digest.update(name.encode())
            digest.update(value.detach().flatten()[:16].float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def class_samples(
    pipeline: Any, prompt: str, count: int, *, seed: int = 0, keep: str | Path | None = None, batch: int = 16,
    progress: str | None = "class samples", **options: Any,
) -> list[Any]:  # fmt: skip
    """`count` pictures that the model makes of its class prompt, made once and kept as PNG files.

    keep: the folder of all such sets, WORKBOOK_HOME/class_samples unless given. A set is known by prompt, seed, options
    and the model's weights; picture n has a noise of its own, so that a set that was cut short, or of which more are
    wanted, goes on, and a file that can't be read is made anew. options go to `generate`: steps, guidance. Returns PIL
    pictures, none where count is 0.
    """
    from PIL import Image

    facts = {"prompt": prompt, "seed": seed, "model": fingerprint(pipeline), **options}
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    folder = (files.home() / "class_samples" if keep is None else Path(keep)) / key
    paths = [folder / f"{number:05d}.png" for number in range(count)]
    missing = [number for number, path in enumerate(paths) if not _readable(path)]
    if missing:
        files.write_whole(folder / "set.json", json.dumps(facts, indent=1) + "\n")
    bar = show.progress_bar(len(missing), progress, "picture") if progress and missing else None
    for begin in range(0, len(missing), batch):
        numbers = missing[begin : begin + batch]
        for number, picture in zip(numbers, _make(pipeline, prompt, numbers, seed, options), strict=True):
            buffer = io.BytesIO()
            picture.save(buffer, "png")
            files.write_whole(paths[number], buffer.getvalue())
        if bar is not None:
            bar.update(len(numbers))
    if bar is not None:
        bar.close()
    pictures = []
    for path in paths:
        with Image.open(path) as opened:
            pictures.append(opened.convert("RGB"))
    return pictures


def _make(pipeline: Any, prompt: str, numbers: list[int], seed: int, options: dict[str, Any]) -> list[Any]:
    """Pictures of one prompt, each from the noise of its number."""
    from PIL import Image

    noise = noise_of(pipeline, numbers, seed)
    return [
        Image.fromarray(one)
        for one in generate(pipeline, [prompt] * len(numbers), latents=noise, progress=None, **options)
    ]


def _readable(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as opened:
            opened.load()
    except (OSError, ValueError, SyntaxError):
        return False
    return True


# ------------------------------------------------------------------------------------------------------ the training


class Learner(nn.Module):
    """A UNet, and the text encoder where that learns, too: what `fit` trains."""

    def __init__(self, unet: nn.Module, text_encoder: nn.Module | None = None) -> None:
        super().__init__()
        self.unet, self.text_encoder = unet, text_encoder

    def forward(self, noisy: Tensor, times: Tensor, text: Tensor) -> Tensor:
        """The prediction (B, C, h, w) for noisy latents, their time steps (B,), and embeddings (B, L, D) or ids (B, L,
        1)."""
        states = text if self.text_encoder is None else self.text_encoder(text[..., 0])[0]
        return self.unet(noisy, times, encoder_hidden_states=states, return_dict=False)[0]


def objective_of(scheduler: Any, recipe: Recipe) -> Callable[[nn.Module, tuple[Tensor, Tensor]], Tensor]:
    """The objective of a batch (latents, text): noise is drawn, added and predicted, and the loss taken of both
    halves."""

    def objective(learner: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        latents, text = batch
        noise = torch.randn_like(latents)
        times = torch.randint(scheduler.config.num_train_timesteps, (len(latents),), device=latents.device)
        target = target_of(scheduler, latents, noise, times)
        prediction = learner(scheduler.add_noise(latents, noise, times), times, text)
        kind = scheduler.config.prediction_type
        weights = None if recipe.gamma is None else min_snr_weights(scheduler, times, recipe.gamma, kind)
        if recipe.prior_weight:
            return prior_preservation_loss(prediction, target, recipe.prior_weight, weights)
        errors = errors_of(prediction, target)
        return (errors if weights is None else errors * weights).mean()

    return objective


def dreambooth(
    pipeline: Any, photos: Sequence[Any], prompt: str, class_prompt: str, recipe: Recipe = Recipe(), *, seed: int = 0,
    samples: Sequence[Any] | None = None, keep: str | Path | None = None, progress: str | None = "DreamBooth",
    sampling: dict[str, Any] | None = None, **options: Any,
) -> Taught:  # fmt: skip
    """Teach a copy of a pipeline the subject of some photos. The pipeline itself stays as it is.

    photos: as `read_photos` takes them. prompt: names the subject by a rare token and its class ("a photo of a sks
    cat"); class_prompt: the class alone. samples: pictures of the class; by default `class_samples` makes or finds
    them, with `keep` and `sampling` (seed, steps, guidance). options go to `fit`: evaluate, evaluate_every, precision,
    schedule ... Raises ValueError for what is no photo, for a prompt that does not hold more than the class prompt, or
    for no class samples.
    """
    pictures = read_photos(photos, side_of(pipeline))
    _check_prompts(pipeline, prompt, class_prompt)
    if recipe.prior_weight and samples is None:
        samples = class_samples(
            pipeline,
            class_prompt,
            recipe.class_samples,
            keep=keep,
            progress=progress and "class samples",
            **(sampling or {}),
        )
    samples = list(samples or []) if recipe.prior_weight else []
    if recipe.prior_weight and not samples:
        raise ValueError(
            "The prior term needs class samples, and `samples` is empty. Give some, or train with prior_weight=0."
        )
    learner = _learner(pipeline, recipe)
    batches = _batches(pipeline, pictures, samples, prompt, class_prompt, recipe)
    history = fit(
        learner, batches, objective_of(pipeline.scheduler, recipe), steps=recipe.steps, learning_rate=recipe.rate,
        seed=seed, progress=progress, **options,
    )  # fmt: skip
    return Taught(personal(pipeline, learner), history, samples, notes_on(len(pictures), recipe))


def personal(pipeline: Any, learner: Learner) -> Any:
    """A pipeline with what has learnt in its place, all other parts shared."""
    made = copy.copy(pipeline)  # register_modules gives it a configuration of its own
    made.register_modules(unet=learner.unet, text_encoder=learner.text_encoder or pipeline.text_encoder)
    return made


def _check_prompts(pipeline: Any, prompt: str, class_prompt: str) -> None:
    tokens, class_tokens = (pipeline.tokenizer(text).input_ids for text in (prompt, class_prompt))
    unknown = pipeline.tokenizer.unk_token_id
    ends = unknown == pipeline.tokenizer.eos_token_id  # CLIP's token for an unknown word also ends every prompt
    if tokens.count(unknown) > ends:
        raise ValueError(
            f'The tokenizer doesn\'t know a word of {prompt!r}: take words of its vocabulary, and "sks" as the token.'
        )
    if set(tokens) <= set(class_tokens):
        raise ValueError(
            f"The prompt {prompt!r} has no token that the class prompt {class_prompt!r} lacks, so the subject has no "
            "name. "
            'Put a rare token before the class: "a photo of a sks cat".'
        )


def _learner(pipeline: Any, recipe: Recipe) -> Learner:
    """A copy of what learns. With LoRA the frozen weights are shared with the base, and take no memory of their own."""
    if not recipe.lora_rank:
        unet = copy.deepcopy(pipeline.unet).requires_grad_(True)
    else:
        from peft import LoraConfig

        shared = {id(value): value for value in (*pipeline.unet.parameters(), *pipeline.unet.buffers())}
        unet = copy.deepcopy(pipeline.unet, shared).requires_grad_(False)
        unet.add_adapter(
            LoraConfig(
                r=recipe.lora_rank, lora_alpha=recipe.lora_rank, init_lora_weights="gaussian", target_modules=ATTENTION
            )
        )
    text_encoder = copy.deepcopy(pipeline.text_encoder).requires_grad_(True) if recipe.text_encoder else None
    return Learner(unet, text_encoder)


def _batches(
    pipeline: Any, photos: list[Any], samples: list[Any], prompt: str, class_prompt: str, recipe: Recipe
) -> Callable[[int], Iterator[tuple[Tensor, Tensor]]]:
    """The batches of an epoch, which is the whole training; encoded here, once."""
    latents, class_latents = encode_pictures(pipeline, photos), encode_pictures(pipeline, samples) if samples else None
    text, class_text = _texts(pipeline, [prompt, class_prompt], recipe.text_encoder).split(1)

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        for step in range(recipe.steps):
            if class_latents is not None:
                yield dreambooth_batch(latents, class_latents, text, class_text, step, recipe.size)
            else:
                rows = (step * recipe.size + torch.arange(recipe.size)) % len(latents)
                yield latents[rows], text.expand(recipe.size, -1, -1)

    return batches


def _texts(pipeline: Any, prompts: list[str], learns: bool) -> Tensor:
    """What a batch holds of prompts: embeddings (N, L, D), or where the text encoder learns their token ids (N, L,
    1)."""
    if not learns:
        return encode_prompts(pipeline, prompts)
    return token_ids(pipeline, prompts)[..., None]
