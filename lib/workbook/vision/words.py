"""Words as prompts: which pixels is "striped red star" true of?

    model, tokenizer = zoo.load("word-segmenter")
    answer = segment_words(model, tokenizer, scene.image, ["red star", "star", "striped"])
    answer.probabilities, answer.masks        # (3, H, W) each

The answer to a query is one mask: the union of all that it is true of, which may be nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from workbook.datasets.scenes import Scene
from workbook.metrics.bootstrap import bootstrap_interval
from workbook.show import progress_bar
from workbook.vision.queries import near_miss, phrases, target, unseen_pair

Array = np.ndarray


class Answer(NamedTuple):
    """probabilities: (..., H, W) float32 in [0, 1]. masks: the same shape, bool, where they are above the threshold."""

    probabilities: Array
    masks: Array


def segment_words(
    model: Any, tokenizer: Any, images: Array | Sequence[Array], words: str | Sequence[str], threshold: float = 0.5
) -> Answer:
    """Ask a model for everything in a picture, or in several, that the words are true of.

    model:  CLIPSegForImageSegmentation or Sam3Model, with its tokenizer.
    images: one picture (H, W, 3) uint8, or several of one size (B, H, W, 3). Another size than the model's is scaled
            to it, and the answer back.
    words:  one query, or K of them; each is put to every picture.
    Returns an Answer of the shape (B, K, H, W), without B for one picture and without K for one query.
    Raises ValueError for other pictures, empty queries, words that the tokenizer does not know, and thresholds outside
    of (0, 1).
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must lie between 0 and 1, both excluded, not {threshold!r}")
    batch = _checked(images)
    if model.config.model_type not in _ASK:
        raise ValueError(f"Expected a model of {' or '.join(_ASK)}, got one of {model.config.model_type}.")
    ask, sizes = _ASK[model.config.model_type], model.config.text_config
    encoded = encode(tokenizer, [words] if isinstance(words, str) else words, sizes.max_position_embeddings)
    training, device = model.training, next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        inputs = {name: ids.to(device) for name, ids in encoded.items()}
        probabilities = torch.stack([ask(model, image, inputs) for image in batch]).float().cpu().numpy()
    model.train(training)
    if isinstance(words, str):
        probabilities = probabilities[:, 0]
    if _is_one(images):
        probabilities = probabilities[0]
    return Answer(probabilities, probabilities > threshold)


def encode(tokenizer: Any, words: Sequence[str], longest: int | None = None) -> dict[str, Tensor]:
    """Queries as input_ids and attention_mask, (K, T) each, padded to the longest of them.

    Raises ValueError for no query, an empty one, a word that the tokenizer does not know, and a query of more tokens
    than `longest` (its start and end included).
    """
    words = list(words)
    if not words or not all(isinstance(query, str) and query.strip() for query in words):
        raise ValueError(f"Expected one query of at least one word, or a list of them, got {words!r}.")
    encoded = tokenizer(words, padding=True, return_tensors="pt")
    # byte-level tokenizers know everything, and CLIP's has one token for "unknown" and for the end
    if (
        tokenizer.unk_token_id not in (None, tokenizer.eos_token_id)
        and (encoded["input_ids"] == tokenizer.unk_token_id).any()
    ):
        _refuse_unknown(tokenizer, words)
    lengths = encoded["attention_mask"].sum(1)
    if longest and lengths.max() > longest:
        query = words[int(lengths.argmax())]
        raise ValueError(f"The query {query!r} has {lengths.max()} tokens with its ends, the model takes {longest}.")
    return {name: encoded[name] for name in ("input_ids", "attention_mask")}


def _refuse_unknown(tokenizer: Any, queries: list[str]) -> None:
    def known(word: str) -> bool:
        return tokenizer.unk_token_id not in tokenizer(word, add_special_tokens=False)["input_ids"]

    query, word = next((query, word) for query in queries for word in query.split() if not known(word))
    vocabulary = sorted(set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens))
    listed = f" It knows: {', '.join(vocabulary)}." if len(vocabulary) < 100 else ""
    raise ValueError(f"The model does not know the word {word!r} (in the query {query!r}).{listed}")


def _is_one(images: Array | Sequence[Array]) -> bool:
    """Whether this is meant as one picture: an array, but for the four dimensions of several."""
    return getattr(images, "ndim", 4) != 4


def _checked(images: Array | Sequence[Array]) -> Array:
    """Pictures as one array (B, H, W, 3) uint8, or a ValueError that names the first wrong one."""
    several = [images] if _is_one(images) else list(images)
    for number, image in enumerate(several):
        image = np.asarray(image)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.shape != np.shape(several[0]):
            raise ValueError(
                f"Picture {number} is {image.shape} of {image.dtype}. Expected pictures of one size, (H, W, 3) uint8: "
                "for a grey one stack it three times, one of floats times 255 and cast."
            )
    if not several:
        raise ValueError("There is no picture: expected (H, W, 3) or (B, H, W, 3) uint8.")
    return np.stack(several)


def to_pixel_values(images: Array, size: int | None = None, mean: float = 0.5, deviation: float = 0.25) -> Tensor:
    """Pictures (B, H, W, 3) uint8 as a network's input: (B, 3, size, size) float, about 0 ± 1."""
    values = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
    if size and values.shape[2:] != (size, size):
        values = _scaled(values, (size, size))
    return (values - mean) / deviation


def _scaled(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, C, h, w) → (B, C, *size); smaller without the false patterns of skipped pixels."""
    return functional.interpolate(maps, size, mode="bilinear", antialias=True)


def _ask_clipseg(model: Any, image: Array, inputs: dict[str, Tensor]) -> Tensor:
    """One picture (H, W, 3), K encoded queries → (K, H, W) probabilities."""
    device = inputs["input_ids"].device
    pixels = to_pixel_values(image[None], model.config.vision_config.image_size).to(device)
    queries = len(inputs["input_ids"])
    # the picture's tower is the expensive part: once for all queries
    states = model.clip.vision_model(pixels, output_hidden_states=True).hidden_states
    activations = [states[layer + 1].expand(queries, -1, -1) for layer in model.extract_layers]
    conditions = model.clip.get_text_features(**inputs).pooler_output
    logits = model.decoder(activations, conditions).logits  # (K, S, S)
    return _scaled(logits.sigmoid()[None], image.shape[:2])[0]


SAM3_SCORE = 0.3  # transformers' own threshold for an object


def _ask_sam3(model: Any, image: Array, inputs: dict[str, Tensor]) -> Tensor:
    """One picture (H, W, 3), K encoded queries → (K, H, W): where one of the objects found is, by its probability.

    SAM 3 answers with many objects, each a mask and a score, and with the probability that the words are true of
    anything at all, its presence. As in transformers' post-processing an object counts where score times presence is
    above 0.3; their union is the answer. Carion et al. 2025, "SAM 3: Segment anything with concepts".
    """
    device = inputs["input_ids"].device
    pixels = to_pixel_values(image[None], model.config.image_size, deviation=0.5).to(device)
    seen = model.get_vision_features(pixels)  # once for all queries
    answers = []
    for ids, attention in zip(inputs["input_ids"], inputs["attention_mask"], strict=True):
        output = model(vision_embeds=seen, input_ids=ids[None], attention_mask=attention[None])
        scores = output.pred_logits[0].sigmoid() * output.presence_logits[0].sigmoid()  # (objects,)
        found = output.pred_masks[:, scores > SAM3_SCORE].sigmoid()  # (1, found, h, w)
        nothing = torch.zeros(1, 1, *image.shape[:2], device=device)
        found = functional.interpolate(found, image.shape[:2], mode="bilinear") if found.shape[1] else nothing
        answers.append(found[0].amax(0))
    return torch.stack(answers)


_ASK = {"clipseg": _ask_clipseg, "sam3": _ask_sam3}


class Row(NamedTuple):
    """A query put to a scene, and how it was answered.

    full: the whole description of an object, or one word beside it; otherwise a phrase. present: whether it is true of
    anything. among_others: whether the scene also has objects that it is not true of. unseen: a pair of colour and
    kind that training never showed. iou: with the target, NaN where that is empty. area: the share of the picture that
    was marked. shuffled: the IoU of the same model's answer to another scene's description; NaN but for full
    descriptions. everything: the IoU of all of the scene's objects together, as a model would mark that can't read.
    """

    scene: int
    query: str
    full: bool
    present: bool
    among_others: bool
    unseen: bool
    iou: float
    area: float
    shuffled: float
    everything: float


class Figure(NamedTuple):
    """A mean over scenes (of the mean in each), the ends of its 95 % bootstrap interval, and the number of scenes."""

    mean: float
    low: float
    high: float
    scenes: int


class Measured(NamedTuple):
    """Figures by name, and the rows that they come from."""

    figures: dict[str, Figure]
    rows: list[Row]


FALSE_AREA = 0.02  # a query that is true of nothing is answered wrongly by more than this share of the picture


def measure(model: Any, tokenizer: Any, scenes: Sequence[Scene], *, threshold: float = 0.5, seed: int = 0) -> Measured:
    """How well words find their objects in scenes: IoU where they are present, false answers where they are not.

    Every description and phrase that is true of a scene is asked for, and two that are one word beside the truth: a
    whole description and a phrase. Descriptions are also exchanged between scenes at random ("words shuffled"): a model
    that ignores the words loses nothing by it. Figures without any row are left out. Raises ValueError for no scenes.
    """
    if not scenes:
        raise ValueError("There is no scene to measure on.")
    rng = np.random.default_rng(seed)
    full = [sorted(set(scene.words)) for scene in scenes]
    strangers = iter(rng.permutation([query for queries in full for query in queries]).tolist())
    rows: list[Row] = []
    bar = progress_bar(len(scenes), "asking", "scene") if len(scenes) > 50 else None  # a few take no time
    for number, (scene, described) in enumerate(zip(scenes, full, strict=True)):
        others = sorted({phrase for query in described for phrase in phrases(query)} - set(described))
        absent = [near_miss(rng, scene), near_miss(rng, scene, specific=False)]
        asked = [*described, *others, *absent]
        exchanged = [next(strangers) for _ in described]
        masks = segment_words(model, tokenizer, scene.image, [*asked, *exchanged], threshold).masks
        shuffled = dict(zip(described, masks[len(asked) :], strict=True))
        rows += [
            _row(number, scene, query, place < len(described) or place == len(asked) - 2, masks[place], shuffled)
            for place, query in enumerate(asked)
        ]
        if bar:
            bar.update()
    if bar:
        bar.close()
    return Measured(_figures(rows, seed), rows)


def _row(number: int, scene: Scene, query: str, full: bool, mask: Array, shuffled: dict[str, Array]) -> Row:
    truth, everything = target(query, scene), scene.masks.any(0)
    others = bool((everything & ~truth).any())
    instead = _iou(shuffled[query], truth) if query in shuffled else np.nan
    figures = (_iou(mask, truth), float(mask.mean()), instead, _iou(everything, truth))
    return Row(number, query, full, bool(truth.any()), others, unseen_pair(query), *figures)


def _iou(mask: Array, truth: Array) -> float:
    """|A ∩ B| / |A ∪ B|; NaN where there is nothing to find."""
    return float((mask & truth).sum() / (mask | truth).sum()) if truth.any() else np.nan


def _figures(rows: list[Row], seed: int) -> dict[str, Figure]:
    def figure(scores: list[tuple[int, float]]) -> Figure:
        numbers, values = (np.array(column) for column in zip(*scores, strict=True))
        means = np.array([values[numbers == number].mean() for number in np.unique(numbers)])  # one per scene
        return Figure(float(means.mean()), *bootstrap_interval(means, np.random.default_rng(seed)), len(means))

    full = [row for row in rows if row.full and row.present]
    absent = [row for row in rows if not row.present]
    wrong = [(row, float(row.area > FALSE_AREA)) for row in absent]
    scores: dict[str, list[tuple[int, float]]] = {
        "full descriptions": [(row.scene, row.iou) for row in full],
        "full, pairs seen in training": [(row.scene, row.iou) for row in full if not row.unseen],
        "full, pairs never seen": [(row.scene, row.iou) for row in full if row.unseen],
        "full, among others": [(row.scene, row.iou) for row in full if row.among_others],
        "everything marked, among others": [(row.scene, row.everything) for row in full if row.among_others],
        "everything marked": [(row.scene, row.everything) for row in full],
        "words shuffled": [(row.scene, row.shuffled) for row in full],
        "gain by the right words": [(row.scene, row.iou - row.shuffled) for row in full],
    }
    for words in (1, 2, 3):
        asked = [row for row in rows if row.present and len(row.query.split()) == words]
        scores[f"queries of {words} word{'s' * (words > 1)}"] = [(row.scene, row.iou) for row in asked]
    scores |= {
        "false answers": [(row.scene, value) for row, value in wrong],
        "false answers, full descriptions": [(row.scene, value) for row, value in wrong if row.full],
        "false answers, phrases": [(row.scene, value) for row, value in wrong if not row.full],
    }
    return {name: figure(values) for name, values in scores.items() if values}
