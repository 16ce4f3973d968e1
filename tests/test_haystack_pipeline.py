"""A question answering system of one's own: it answers in a fresh process that can reach nothing."""

import subprocess
import sys

import pytest
import torch
from transformers import BertConfig, BertForQuestionAnswering

from workbook.datasets.encyclopaedia import load_passages
from workbook.text import haystack_pipeline
from workbook.text.reader import document
from workbook.zoo.entries import MINILM
from workbook.zoo.loading import _tokenizer

PAGES = load_passages()[:12]
CHILD = """
import socket, sys
asked = []
def refuse(self, address, *rest):
    asked.append(address)
    raise OSError(f"the network is blocked in this test: {address}")
def lookup(host, *rest, **others):
    asked.append(host)
    raise OSError(f"the network is blocked in this test: {host}")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = lookup
from pathlib import Path
from workbook.datasets.encyclopaedia import load_passages
from workbook.text import haystack_pipeline
pipeline = haystack_pipeline.build(load_passages()[:12], Path(sys.argv[1]), passages_read=2)
for found in haystack_pipeline.ask(pipeline, "How many sheep live on Ysk?"):
    print(found.title, found.text.replace("\\n", "~"), sep="|")
from haystack.telemetry import _telemetry
print("telemetry:", _telemetry.telemetry)
print("network:", asked)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A reader that was never trained, written to a folder."""
    torch.manual_seed(0)
    model = BertForQuestionAnswering(
        BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    )
    return haystack_pipeline.save_reader(model.eval(), _tokenizer(MINILM), tmp_path_factory.mktemp("home") / "reader")


@pytest.mark.slow
def test_answers_from_a_fresh_process_without_network(folder):
    done = subprocess.run([sys.executable, "-c", CHILD, str(folder)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    *answers, telemetry, network = done.stdout.splitlines()
    assert "Ysk" in {line.split("|")[0] for line in answers}  # the page with these words was read
    texts = {page.title: document(page) for page in PAGES}
    spans = [line.split("|") for line in answers if not line.startswith("|")]
    assert spans
    for title, text in spans:
        assert text.replace("~", "\n") in texts[title]
    assert telemetry == "telemetry: None"
    assert network == "network: []"


def test_answers_in_this_process(folder):
    pipeline = haystack_pipeline.build(PAGES, folder, passages_read=2)
    found = haystack_pipeline.ask(pipeline, "How large is Hemlin?")
    assert [answer.score for answer in found] == sorted((answer.score for answer in found), reverse=True)
    assert sum(not answer.text for answer in found) == 1  # "none of the others"
    assert next(answer for answer in found if not answer.text).title == ""
    assert len({answer.title for answer in found if answer.text}) <= 2


def test_it_refuses(folder, tmp_path):
    with pytest.raises(ValueError, match="There are no passages"):
        haystack_pipeline.build([], folder)
    with pytest.raises(ValueError, match=r"There is no reader in .*nowhere: write one with save_reader"):
        haystack_pipeline.build(PAGES, tmp_path / "nowhere")
    with pytest.raises(ValueError, match="Expected a question"):
        haystack_pipeline.ask(None, "  ")
