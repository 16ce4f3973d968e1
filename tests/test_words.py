"""Words as prompts: which objects a query is true of, what the model is asked, and how its answers are measured."""

import dataclasses

import numpy as np
import pytest
import torch
import transformers
from torch.nn import functional

from workbook import zoo
from workbook.datasets.scenes import COLOURS, KINDS, TEXTURES, Scene, scenes
from workbook.trainers import word_segmentation
from workbook.trainers.loop import fit
from workbook.trainers.word_segmentation import EndToEnd, draw_query, query_batches, union_mask_loss
from workbook.vision import queries, words
from workbook.zoo import tiny_clipseg


def a_scene(*described, side=16):
    """Objects that are columns of pixels, each four wide; the picture shows each mask's number, times 40."""
    masks = np.zeros((len(described), side, side), bool)
    for number, mask in enumerate(masks):
        mask[:, 4 * number : 4 * number + 4] = True
    image = np.repeat((masks * 40 * np.arange(1, len(described) + 1)[:, None, None]).sum(0)[..., None], 3, -1)
    textures, colours, kinds = zip(*(words.split() for words in described), strict=True)
    boxes = np.zeros((len(described), 4))
    return Scene(image.astype(np.uint8), masks, boxes, kinds, colours, textures, "studio")


SCENE = a_scene("striped red star", "plain red star", "plain blue disc")


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_clipseg.make_tokenizer()


@pytest.fixture
def network(tokenizer):
    """The recipe's network before it has learnt anything, each time the same."""
    torch.manual_seed(0)
    return tiny_clipseg.network(tokenizer).eval()


# ------------------------------------------------------------------------------------------------ queries


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("striped red star", [1, 0, 0]),
        ("red star", [1, 1, 0]),  # of a striped one as well
        ("star", [1, 1, 0]),
        ("STRIPED", [1, 0, 0]),
        ("red", [1, 1, 0]),
        ("blue star", [0, 0, 0]),  # blue is true of one, star of others
        ("disc blue", [0, 0, 1]),  # in any order
        ("green", [0, 0, 0]),
    ],
)
def test_what_a_query_is_true_of(query, expected):
    assert queries.true_of(query, SCENE).tolist() == [bool(value) for value in expected]
    masks = SCENE.masks[np.array(expected, bool)]
    assert np.array_equal(queries.target(query, SCENE), masks.any(0))
    assert queries.target(query, SCENE).sum() == 64 * sum(expected)


@pytest.mark.parametrize("query", ["", "  "])
def test_an_empty_query_is_refused(query):
    with pytest.raises(ValueError, match="query is empty"):
        queries.true_of(query, SCENE)


def test_a_word_that_no_scene_has():
    with pytest.raises(ValueError, match=r"No scene has plain, hexagon \(in 'plain red hexagon'\).*striped.*bar"):
        queries.true_of("plain red hexagon", SCENE)


def test_phrases():
    assert queries.phrases("star") == ("star",)
    assert queries.phrases("red star") == ("red", "star", "red star")
    assert len(queries.phrases("striped red star")) == 7
    assert "striped star" in queries.phrases("striped red star")


def one_word_beside(query, scene):
    """Whether exchanging one word of the query makes it a phrase of one of the scene's objects."""
    asked = query.split()
    possible = [phrase.split() for description in scene.words for phrase in queries.phrases(description)]
    near = [phrase for phrase in possible if len(phrase) == len(asked)]
    return any(sum(a != b for a, b in zip(phrase, asked, strict=True)) == 1 for phrase in near)


@pytest.mark.parametrize("specific", [True, False])
def test_near_misses(specific):
    rng = np.random.default_rng(0)
    found = [(scene, queries.near_miss(rng, scene, specific=specific)) for scene in [*scenes(20, 5), SCENE] * 3]
    for scene, query in found:
        assert not queries.true_of(query, scene).any()
        assert one_word_beside(query, scene)
    assert {len(query.split()) for _, query in found} == ({2, 3} if specific else {1, 2, 3})
    assert any(queries.unseen_pair(query) for _, query in found)


def test_near_misses_of_known_pairs():
    rng = np.random.default_rng(0)
    asked = [queries.near_miss(rng, SCENE, known_pairs=True) for _ in range(300)]
    assert not any(queries.unseen_pair(query) for query in asked)
    assert len(set(asked)) > 20


def test_where_everything_is_there_nothing_is_missed():
    kinds, colours, textures = zip(*[(k, c, t) for k in KINDS for c in COLOURS for t in TEXTURES], strict=True)
    everything = dataclasses.replace(SCENE, kinds=kinds, colours=colours, textures=textures)
    with pytest.raises(ValueError, match="Nothing is absent by one word from the scene of red disc, striped red disc"):
        queries.near_miss(np.random.default_rng(0), everything)


def test_unseen_pairs_are_the_scenes_own():
    assert queries.unseen_pair("red disc") and queries.unseen_pair("striped red disc")  # colour 0, kind 0
    assert not queries.unseen_pair("red star") and not queries.unseen_pair("red") and not queries.unseen_pair("disc")
    pairs = [f"{colour} {kind}" for colour in COLOURS for kind in KINDS]
    assert sum(queries.unseen_pair(pair) for pair in pairs) == 8


# ------------------------------------------------------------------------------------------------ words to numbers


def test_each_word_is_one_token(tokenizer, tmp_path):
    assert len(queries.WORDS) == 19
    ids = [tokenizer(word)["input_ids"] for word in queries.WORDS]
    assert all(len(row) == 3 and (row[0], row[2]) == (tokenizer.bos_token_id, tokenizer.eos_token_id) for row in ids)
    assert len({row[1] for row in ids}) == 19
    tokenizer.save_pretrained(tmp_path)
    again = transformers.AutoTokenizer.from_pretrained(tmp_path)
    asked = ["Striped red star", "disc"]
    assert again(asked, padding=True)["input_ids"] == tokenizer(asked, padding=True)["input_ids"]


def test_queries_are_pooled_at_their_end(tokenizer, network):
    """With END as number 2, transformers would pool at the largest token instead: for "red star" at "star"."""
    assert tokenizer.eos_token_id == network.config.text_config.eos_token_id != 2
    encoded = words.encode(tokenizer, ["red bar", "blue bar", "red", "striped red bar"])
    with torch.no_grad():
        states = network.clip.text_model(**encoded)
    ends = (encoded["input_ids"] == tokenizer.eos_token_id).int().argmax(1)
    assert ends.tolist() == [3, 3, 2, 4]
    assert torch.equal(states.pooler_output, states.last_hidden_state[torch.arange(4), ends])
    distances = torch.cdist(states.pooler_output, states.pooler_output)
    assert (distances + 10 * torch.eye(4)).min() > 0.01


def test_padding_changes_nothing(tokenizer, network):
    with torch.no_grad():
        alone = network.clip.get_text_features(**words.encode(tokenizer, ["red"])).pooler_output
        beside = network.clip.get_text_features(**words.encode(tokenizer, ["red", "striped red bar"])).pooler_output
    torch.testing.assert_close(alone[0], beside[0])


@pytest.mark.parametrize("asked", [[], [""], ["red", " "], ["red", None], [["red"]]])
def test_no_words_to_ask(tokenizer, asked):
    with pytest.raises(ValueError, match="Expected one query of at least one word"):
        words.encode(tokenizer, asked)


def test_an_unknown_word_is_named_beside_the_known(tokenizer):
    with pytest.raises(ValueError) as caught:
        words.encode(tokenizer, ["red star", "red hexagon"])
    message = str(caught.value)
    assert "does not know the word 'hexagon' (in the query 'red hexagon')" in message
    assert all(word in message for word in queries.WORDS) and "[PAD]" not in message


def test_a_query_that_is_too_long(tokenizer, network):
    with pytest.raises(
        ValueError, match=r"'red red red red red red red' has 9 tokens with its ends, the model takes 8"
    ):
        words.segment_words(network, tokenizer, SCENE.image, ["red", " ".join(["red"] * 7)])
    assert words.segment_words(network, tokenizer, SCENE.image, " ".join(["red"] * 6)).masks.shape == (16, 16)


# ------------------------------------------------------------------------------------------------ training


def batch_of(tokenizer, pool, **how):
    return next(query_batches(pool, tokenizer, 0, **{"batch_size": len(pool), "queries": 3, **how}))


@pytest.fixture(scope="module")
def few():
    return list(scenes(4, 3, domain="studio"))


def test_the_same_logits_as_transformers(tokenizer, network, few):
    batch = batch_of(tokenizer, few)
    with torch.no_grad():
        ours = EndToEnd(network)(batch["pixel_values"], batch["input_ids"], batch["attention_mask"])
        theirs = network(
            pixel_values=batch["pixel_values"].repeat_interleave(3, 0),
            input_ids=batch["input_ids"].flatten(0, 1),
            attention_mask=batch["attention_mask"].flatten(0, 1),
        ).logits
    assert ours.shape == (4, 3, 64, 64)
    torch.testing.assert_close(ours.flatten(0, 1), theirs, rtol=1e-4, atol=1e-5)


def reached(network):
    """The parts that gradients have reached."""
    names = [name for name, parameter in network.named_parameters() if parameter.grad is not None]
    return {part for part in ("text_model", "vision_model", "decoder") if any(part in name for name in names)}


def test_gradients_reach_both_towers(tokenizer, network, few):
    batch = batch_of(tokenizer, few)
    total, _ = union_mask_loss(EndToEnd(network), batch)
    total.backward()
    assert reached(network) == {"text_model", "vision_model", "decoder"}


def test_in_transformers_own_forward_they_do_not(tokenizer, network):
    """The reason for EndToEnd. If this fails, transformers has changed and it can go."""
    encoded = words.encode(tokenizer, ["red"])
    network(pixel_values=torch.zeros(1, 3, 64, 64), **encoded, labels=torch.zeros(1, 64, 64)).loss.backward()
    assert reached(network) == {"decoder"}


def test_layers_fit(network):
    layers = network.config.vision_config.num_hidden_layers
    assert max(network.config.extract_layers) == layers - 1
    assert len(network.decoder.layers) == len(network.config.extract_layers) > network.config.conditional_layer


def test_the_decoder_starts_small(tokenizer, network, few):
    """As transformers draws it, with deviation 1, its logits begin at thousands and words are lost in them."""
    own = [*network.decoder.reduces, network.decoder.film_mul, network.decoder.film_add]
    assert all(layer.weight.std().item() == pytest.approx(layer.in_features**-0.5, rel=0.1) for layer in own)
    batch = batch_of(tokenizer, few)
    with torch.no_grad():
        logits = EndToEnd(network)(batch["pixel_values"], batch["input_ids"], batch["attention_mask"])
        conditions = network.clip.get_text_features(**words.encode(tokenizer, list(queries.WORDS))).pooler_output
        factors = network.decoder.film_mul(conditions)
    assert logits.mean() == pytest.approx(-2, abs=0.5) and logits.std() < 1
    assert factors.mean() == pytest.approx(1, abs=0.3) and factors.std(0).mean() > 0.1


def test_the_loss_by_a_slow_loop():
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 4, 4), torch.rand(2, 3, 4, 4) > 0.6
    targets[0, 1] = False  # a query that is true of nothing
    batch = {"pixel_values": None, "input_ids": None, "attention_mask": None, "targets": targets}
    total, count = union_mask_loss(lambda *_: logits, batch)
    expected = 0.0
    for row, truths in zip(logits, targets, strict=True):
        for map_, truth in zip(row, truths.float(), strict=True):
            expected += functional.binary_cross_entropy_with_logits(map_, truth)
            if truth.any():
                p = map_.sigmoid()
                expected += 1 - (2 * (p * truth).sum() + 1) / (p.sum() + truth.sum() + 1)
    assert count == 6
    torch.testing.assert_close(total, expected)


def test_training_never_names_a_held_out_pair():
    rng, pool = np.random.default_rng(0), list(scenes(40, 7))
    drawn = [(scene, draw_query(rng, scene, 0.3)) for scene in pool * 20]
    assert not any(queries.unseen_pair(query) for _, query in drawn)
    absent = np.mean([not queries.true_of(query, scene).any() for scene, query in drawn])
    assert 0.25 < absent < 0.35
    assert {len(query.split()) for _, query in drawn} == {1, 2, 3}


@pytest.mark.parametrize(("absent", "expected"), [(0.0, True), (1.0, False)])
def test_share_of_absent_queries(absent, expected):
    rng = np.random.default_rng(0)
    assert all(queries.true_of(draw_query(rng, SCENE, absent), SCENE).any() == expected for _ in range(50))


def test_batches(tokenizer):
    pool = list(scenes(10, 3, domain="studio"))

    def epoch(number, **how):
        return list(query_batches(pool, tokenizer, number, batch_size=4, queries=2, **how))

    first, again, second = epoch(0), epoch(0), epoch(1)
    assert len(first) == 2  # the last two scenes don't fill a third
    for name, shape in {"pixel_values": (4, 3, 64, 64), "targets": (4, 2, 64, 64)}.items():
        assert first[0][name].shape == shape
    assert first[0]["input_ids"].shape == first[0]["attention_mask"].shape
    assert first[0]["input_ids"].shape[:2] == (4, 2)
    assert torch.equal(first[1]["pixel_values"], again[1]["pixel_values"])
    assert torch.equal(first[1]["targets"], again[1]["targets"])
    assert not torch.equal(first[0]["pixel_values"], second[0]["pixel_values"])
    assert not torch.equal(first[0]["pixel_values"], epoch(0, seed=1)[0]["pixel_values"])


def test_each_scene_once_in_another_order_each_epoch(tokenizer):
    pool = [dataclasses.replace(SCENE, image=np.full_like(SCENE.image, number)) for number in range(12)]

    def order(epoch):
        batches = query_batches(pool, tokenizer, epoch, batch_size=4, queries=1)
        return [round((value.item() * 0.25 + 0.5) * 255) for b in batches for value in b["pixel_values"][:, 0, 0, 0]]

    assert sorted(order(0)) == sorted(order(1)) == list(range(12))
    assert order(0) != order(1) and order(0) != list(range(12))


def test_targets_answer_the_queries_also_when_mirrored(tokenizer):
    """Each object has a grey of its own, so the picture itself tells where the target must be."""
    batch = batch_of(tokenizer, [SCENE] * 32, queries=4)
    greys = ((batch["pixel_values"][:, 0] * 0.25 + 0.5) * 255).round()  # back from the network's numbers
    mirrored = 0
    for grey, ids, targets in zip(greys, batch["input_ids"], batch["targets"], strict=True):
        mirrored += bool(grey[0, 0] == 0)
        for query, mask in zip(tokenizer.batch_decode(ids, skip_special_tokens=True), targets, strict=True):
            shades = torch.tensor([40.0, 80, 120])[torch.from_numpy(queries.true_of(query, SCENE))]
            assert torch.equal(mask, torch.isin(grey, shades))
    assert 8 <= mirrored <= 24


def test_the_pool_is_left_as_it_was(tokenizer, few):
    before = [(scene.image.copy(), scene.masks.copy()) for scene in few]
    list(query_batches(few, tokenizer, 0, batch_size=2))
    for scene, (image, masks) in zip(few, before, strict=True):
        assert np.array_equal(scene.image, image) and np.array_equal(scene.masks, masks)


@pytest.mark.parametrize("how", [{"batch_size": 5}, {"batch_size": 0}, {"queries": 0}, {"absent": 1.5}])
def test_batches_that_can_not_be(tokenizer, few, how):
    with pytest.raises(ValueError, match="Expected 1 <= batch_size <= 4 scenes"):
        batch_of(tokenizer, few, **how)


def test_it_learns(tokenizer, network, few):
    batch = batch_of(tokenizer, few)
    model = EndToEnd(network)
    history = fit(model, [batch], union_mask_loss, steps=12, learning_rate=3e-3, progress=None)
    assert history.losses[-1] < 0.8 * history.losses[0]


# ------------------------------------------------------------------------------------------------ asking


def test_shapes_follow_what_is_asked(tokenizer, network, few):
    images = np.stack([scene.image for scene in few])
    several = words.segment_words(network, tokenizer, images, ["red", "blue star"])
    assert several.probabilities.shape == several.masks.shape == (4, 2, 64, 64)
    assert several.probabilities.dtype == np.float32 and several.masks.dtype == bool
    assert 0 <= several.probabilities.min() and several.probabilities.max() <= 1
    for number, image in enumerate(images):
        alone = words.segment_words(network, tokenizer, image, ["red", "blue star"])
        assert np.allclose(alone.probabilities, several.probabilities[number], atol=1e-5)
    one = words.segment_words(network, tokenizer, list(images), "Blue Star")
    assert np.allclose(one.probabilities, several.probabilities[:, 1], atol=1e-5)
    assert words.segment_words(network, tokenizer, images[0], "red").masks.shape == (64, 64)


def test_the_answer_is_the_models(tokenizer, network, few):
    asked = ["red", "striped blue star"]
    answer = words.segment_words(network, tokenizer, few[0].image, asked, threshold=0.12)  # about where it begins
    pixels = torch.tensor((few[0].image / 255 - 0.5) / 0.25).permute(2, 0, 1).float()[None]
    with torch.no_grad():
        logits = network(pixel_values=pixels.expand(2, -1, -1, -1), **words.encode(tokenizer, asked)).logits
    assert np.allclose(answer.probabilities, logits.sigmoid(), atol=1e-5)
    assert np.array_equal(answer.masks, answer.probabilities > 0.12)
    assert 0.05 < answer.masks.mean() < 0.95


def test_pictures_of_another_size(tokenizer, network):
    """The same smooth picture in three sizes gets the same answer, in its own size."""
    kernel = network.decoder.transposed_convolution.weight
    kernel.data[:] = 100 * kernel.data.mean((2, 3), keepdim=True)  # one answer for all pixels of a patch

    def answer(height, width):
        rows, columns = np.meshgrid(np.linspace(0, 200, height), np.linspace(0, 200, width), indexing="ij")
        image = np.stack([rows, columns, 200 - rows], -1).astype(np.uint8)
        return words.segment_words(network, tokenizer, image, "red").probabilities

    own, larger, smaller = answer(64, 64), answer(128, 192), answer(32, 64)
    assert larger.shape == (128, 192) and smaller.shape == (32, 64)
    middles = own[4::8, 4::8]
    assert middles.std() > 0.05
    assert np.abs(larger[8::16, 12::24] - middles).mean() < 0.1 * middles.std()
    assert np.abs(smaller[2::4, 4::8] - middles).mean() < 0.3 * middles.std()


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(tokenizer, network, training):
    network.train(training)
    words.segment_words(network, tokenizer, SCENE.image, "red")
    assert network.training == training
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 50])
def test_impossible_thresholds(tokenizer, network, threshold):
    with pytest.raises(ValueError, match="threshold must lie between 0 and 1"):
        words.segment_words(network, tokenizer, SCENE.image, "red", threshold)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (SCENE.image[..., 0], r"Picture 0 is \(16, 16\) of uint8.*stack it three times"),
        (SCENE.image / 255, r"Picture 0 is \(16, 16, 3\) of float64.*times 255"),
        (SCENE.image[..., :2], r"Picture 0 is \(16, 16, 2\) of uint8"),
        ([SCENE.image, SCENE.image[:8]], r"Picture 1 is \(8, 16, 3\) of uint8. Expected pictures of one size"),
        ([SCENE.image, SCENE.image / 2], r"Picture 1 is \(16, 16, 3\) of float64"),
        ([], "There is no picture"),
    ],
    ids=["grey", "floats", "two channels", "two sizes", "second of floats", "none"],
)
def test_wrong_pictures(tokenizer, network, images, message):
    with pytest.raises(ValueError, match=message):
        words.segment_words(network, tokenizer, images, "red")


def test_another_kind_of_model(tokenizer):
    model = transformers.BertModel(
        transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    )
    with pytest.raises(ValueError, match="Expected a model of clipseg or sam3, got one of bert"):
        words.segment_words(model, tokenizer, SCENE.image, "red")


# ------------------------------------------------------------------------------------------------ measuring


POOL = [*scenes(15, 11, split="test"), *scenes(15, 12, split="test", domain="studio")]


def answering(monkeypatch, mask_of):
    """Puts mask_of(scene, query) in the place of a model."""

    def segment(model, tokenizer, image, asked, threshold):
        scene = next(scene for scene in POOL if scene.image is image)
        masks = np.stack([mask_of(scene, query) for query in asked])
        return words.Answer(masks.astype(np.float32), masks)

    monkeypatch.setattr(words, "segment_words", segment)
    return words.measure(None, None, POOL)


def test_measuring_what_is_always_right(monkeypatch):
    figures, rows = answering(monkeypatch, lambda scene, query: queries.target(query, scene))
    assert {name: figures[name].mean for name in figures if name.startswith(("full", "queries"))} == {
        "full descriptions": 1, "full, pairs seen in training": 1, "full, pairs never seen": 1,
        "full, among others": 1, "queries of 1 word": 1, "queries of 2 words": 1, "queries of 3 words": 1,
    }  # fmt: skip
    assert figures["full descriptions"] == (1, 1, 1, 30)
    assert figures["false answers"] == (0, 0, 0, 30)
    assert figures["words shuffled"].mean < 0.3
    assert figures["gain by the right words"].mean == pytest.approx(1 - figures["words shuffled"].mean)
    assert figures["gain by the right words"].low > 0.6
    for row in rows:
        scene = POOL[row.scene]
        assert row.present == queries.true_of(row.query, scene).any()
        assert row.area == pytest.approx(queries.target(row.query, scene).mean())
        assert row.unseen == queries.unseen_pair(row.query)
        assert np.isnan(row.iou) == (not row.present)
        assert np.isfinite(row.shuffled) == (row.query in scene.words)
        if row.present:
            assert row.full == (row.query in scene.words)
            assert row.among_others == (not queries.true_of(row.query, scene).all())


def test_every_true_query_is_asked_once(monkeypatch):
    _, rows = answering(monkeypatch, lambda scene, query: queries.target(query, scene))
    for number, scene in enumerate(POOL):
        asked = sorted(row.query for row in rows if row.scene == number and row.present)
        assert asked == sorted({phrase for description in scene.words for phrase in queries.phrases(description)})
        absent = [row.full for row in rows if row.scene == number and not row.present]
        assert absent == [True, False]


def test_measuring_what_can_not_read(monkeypatch):
    figures, _ = answering(monkeypatch, lambda scene, query: scene.masks.any(0))
    assert figures["full descriptions"] == figures["words shuffled"] == figures["everything marked"]
    assert figures["full, among others"] == figures["everything marked, among others"]
    assert figures["full, among others"].mean < 0.6
    assert figures["gain by the right words"][:3] == (0, 0, 0)
    visible = np.mean([scene.masks.any(0).mean() > 0.02 for scene in POOL])
    assert figures["false answers"].mean == figures["false answers, phrases"].mean == visible > 0.9


@pytest.mark.parametrize(("pixels", "expected"), [(81, 0), (82, 1)])  # 2 % of 64 x 64 are 81.92
def test_how_much_is_a_false_answer(monkeypatch, pixels, expected):
    speck = np.arange(64 * 64).reshape(64, 64) < pixels
    figures, _ = answering(monkeypatch, lambda scene, query: speck)
    assert figures["false answers"].mean == expected


def test_a_scene_counts_once_however_many_objects_it_has():
    rows = [words.Row(0, "red", True, True, False, False, 1.0, 0.1, 0.0, 1.0)] * 3
    rows += [words.Row(1, "red", True, True, False, False, 0.0, 0.1, 0.0, 1.0)]
    figures = words._figures(rows, seed=0)
    assert figures["full descriptions"] == (0.5, 0.0, 1.0, 2)
    assert "false answers" not in figures and "full, among others" not in figures


def test_measuring_on_training_scenes_has_no_unseen_pairs(monkeypatch, network, tokenizer):
    figures = words.measure(network, tokenizer, list(scenes(3, 0))).figures
    assert "full, pairs never seen" not in figures and figures["full descriptions"].scenes == 3


def test_nothing_to_measure_on(network, tokenizer):
    with pytest.raises(ValueError, match="no scene to measure on"):
        words.measure(network, tokenizer, [])


# ------------------------------------------------------------------------------------------------ SAM 3


@pytest.fixture(scope="module")
def sam3():
    """SAM 3 with random weights and a few numbers in place of many, on pictures of 56 x 56."""
    size = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 32, "num_layers": 1}
    config = transformers.Sam3Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam3_vit_model", "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2,
                "num_attention_heads": 2, "image_size": 56, "patch_size": 14, "window_size": 2,
                "global_attn_indexes": [1], "pretrain_image_size": 28,
            },
            "fpn_hidden_size": 32, "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
        },
        text_config={
            "model_type": "clip_text_model", "vocab_size": 32, "hidden_size": 32, "intermediate_size": 32,
            "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32, "projection_dim": 16,
            "eos_token_id": 3, "bos_token_id": 2, "pad_token_id": 0,
        },
        geometry_encoder_config=size, detr_encoder_config=size, detr_decoder_config={**size, "num_queries": 5},
        mask_decoder_config={"hidden_size": 32, "num_attention_heads": 2},
    )  # fmt: skip
    torch.manual_seed(0)
    return transformers.Sam3Model(config).eval()


def test_sam3_behind_the_same_call(sam3, tokenizer, few):
    answer = words.segment_words(
        sam3, tokenizer, np.stack([scene.image for scene in few]), ["red", "striped blue star"]
    )
    assert answer.probabilities.shape == answer.masks.shape == (4, 2, 64, 64)


def test_sam3_answers_with_the_union_of_what_it_found(sam3, tokenizer, few, monkeypatch):
    """By a slow loop over the objects, as transformers' post-processing keeps them."""
    logits = torch.tensor([[2.0, -3.0, 0.5, 4.0, -2.0]])
    own, outputs = sam3.forward, []

    def scored(**inputs):
        output = own(**inputs)
        output.pred_logits, output.presence_logits = logits, torch.tensor([[0.0]])
        outputs.append(output)
        return output

    monkeypatch.setattr(sam3, "forward", scored)
    answer = words.segment_words(sam3, tokenizer, few[0].image, "striped star", threshold=0.45)
    expected = np.zeros((64, 64), np.float32)
    for score, mask in zip(logits[0].sigmoid() * 0.5, outputs[0].pred_masks[0].sigmoid(), strict=True):
        if score > 0.3:
            large = functional.interpolate(mask[None, None], (64, 64), mode="bilinear")[0, 0]
            expected = np.maximum(expected, large.detach().numpy())
    assert sum(logits[0].sigmoid() * 0.5 > 0.3) == 3
    assert np.allclose(answer.probabilities, expected, atol=1e-6)
    assert np.array_equal(answer.masks, expected > 0.45)


def test_sam3_finds_nothing_where_nothing_is_present(sam3, tokenizer, few, monkeypatch):
    own = sam3.forward

    def absent(**inputs):
        output = own(**inputs)
        output.pred_logits, output.presence_logits = torch.full((1, 5), 9.0), torch.tensor([[-9.0]])
        return output

    monkeypatch.setattr(sam3, "forward", absent)
    assert not words.segment_words(sam3, tokenizer, few[0].image, "red").probabilities.any()


def test_sam3_pictures_are_prepared_as_it_expects(sam3, few):
    """Its processor's numbers: scaled to the model's size, minus 0.5, divided by 0.5."""
    values = words.to_pixel_values(few[0].image[None], 56, deviation=0.5)
    assert values.shape == (1, 3, 56, 56)
    white = words.to_pixel_values(np.full((1, 4, 4, 3), 255, np.uint8), deviation=0.5)
    assert (white == 1).all() and (words.to_pixel_values(np.zeros((1, 4, 4, 3), np.uint8), deviation=0.5) == -1).all()


def test_sam3_has_its_size(monkeypatch):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    with torch.device("meta"):  # shapes only
        model, stand_in = zoo.load("word-segmenter", "full")
    assert sum(parameter.numel() for parameter in model.parameters()) == 840_376_374
    encoded = words.encode(stand_in, ["red star"])
    assert encoded["input_ids"].max() < model.config.text_config.vocab_size


# ------------------------------------------------------------------------------------------------ the stored model


def test_the_stored_model():
    model, tokenizer = zoo.load("word-segmenter", "small")
    assert tokenizer.get_vocab() == tiny_clipseg.make_tokenizer().get_vocab()
    assert sum(parameter.numel() for parameter in model.parameters()) < 2_000_000
    held_out = [scene for domain in ("studio", "photo") for scene in scenes(20, 31, domain=domain, split="test")]
    figures = words.measure(model, tokenizer, held_out).figures
    assert figures["full descriptions"].low > 0.5
    assert figures["gain by the right words"].low > 0.3
    assert figures["full, among others"].mean > figures["everything marked, among others"].mean
    assert figures["false answers"].mean < 0.75


def test_the_recipe_trains_on_training_scenes_only():
    drawn = tiny_clipseg.pool({"photo": 20, "studio": 10}, seed=0)
    assert [scene.domain for scene in drawn] == ["photo"] * 20 + ["studio"] * 10
    assert not any(queries.unseen_pair(query) for scene in drawn for query in scene.words)
    assert word_segmentation.query_batches.__kwdefaults__["absent"] > 0
