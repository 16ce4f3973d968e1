"""PPO updates: workbook.trainers.ppo against trl==1.12.0's experimental PPOTrainer, the last one that TRL ships.

    python benchmarks/bench_ppo.py                     # some minutes on one core, tiny-gpt-small
    python benchmarks/bench_ppo.py --model tiny-chat   # answers that end early
    python benchmarks/bench_ppo.py --full              # gpt2's architecture with random weights: a GPU

Both answer the same prompts by the same policy, score the answers by a reward model of the same size, and learn from
them for the same number of epochs, in float32 without gradient checkpointing (TRL's default would slow it down). Every
run is a process of its own, for the peak memory; runs alternate, and every pair gives a ratio. The first updates of a
run warm up and do not count. "Generated" are the answers' tokens up to the end token, over the time of sampling;
"trained" those tokens times the epochs, over all other time: reference, values, scores, epochs. Seconds of the
processor are given beside those of the clock, since they hardly change where other programs run.
Target: an update at least 1.5 times as fast as TRL's.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import importlib.util
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

OURS, TRL = "workbook", "trl"


class Clock:
    """What each update took: seconds by the clock and of the processor, in all and while sampling, and its tokens."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.marks = self._now()
        self.sampling = (0.0, 0.0)
        self.tokens = 0

    def _now(self) -> tuple[float, float]:
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter(), time.process_time()

    def begin(self) -> None:
        """The first update begins now."""
        self.marks = self._now()

    def timed(self, sample: Any) -> Any:
        """A function that samples, with its time noted."""

        def call(*arguments: Any, **named: Any) -> Any:
            began = self._now()
            result = sample(*arguments, **named)
            self.sampling = tuple(
                old + new - then for old, new, then in zip(self.sampling, self._now(), began, strict=True)
            )
            return result

        return call

    def update(self) -> None:
        """An update has ended."""
        now = self._now()
        row = {"tokens": self.tokens, "wall": now[0] - self.marks[0], "cpu": now[1] - self.marks[1]}
        self.rows.append({**row, "sampling_wall": self.sampling[0], "sampling_cpu": self.sampling[1]})
        self.marks, self.sampling, self.tokens = now, (0.0, 0.0), 0


def policy_of(name: str) -> tuple[Any, Any]:
    """The policy and its tokenizer; "gpt2" has gpt2's architecture with random weights, and tiny-gpt's tokens."""
    import torch
    import transformers

    from workbook.files import root
    from workbook.profiles import device

    folder = root() / "data" / "models" / ("tiny-gpt-small" if name == "gpt2" else name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if name == "gpt2":
        torch.manual_seed(0)
        model = transformers.GPT2LMHeadModel(transformers.GPT2Config(bos_token_id=0, eos_token_id=0))
    else:
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.float().to(device()), tokenizer


def prompts_of(count: int) -> list[str]:
    """Requests of lesson 18, as many as asked for."""
    from workbook.datasets.requests import chat_prompt, load_requests

    texts = [chat_prompt(request.text) for request in load_requests("ppo")]
    return [texts[number % len(texts)] for number in range(count)]


def by_workbook(model: Any, tokenizer: Any, prompts: list[str], options: argparse.Namespace) -> Clock:
    """Our PPO."""
    from workbook.trainers import ppo as module
    from workbook.trainers.ppo_settings import Settings
    from workbook.trainers.reward import RewardModel
    from workbook.trainers.rollout import by_reward_model

    clock = Clock()
    sample = clock.timed(module.rollout)

    def counted(*arguments: Any, **named: Any) -> Any:
        answers = sample(*arguments, **named)
        clock.tokens += int(answers.mask.sum())
        return answers

    module.rollout = counted

    def ended(_: Any) -> dict:
        clock.update()
        return {}

    settings = Settings(
        updates=options.updates, batch=options.batch, epochs=options.epochs, minibatches=options.minibatches,
        max_new_tokens=options.length, learning_rate=1e-5, value_rate=1e-5,
    )  # fmt: skip
    reward = RewardModel(copy.deepcopy(model.base_model)).to(model.device).eval()
    # the first call of `ended`, before the first update, makes a row that does not count
    module.ppo(
        model, tokenizer, prompts, by_reward_model(reward), settings, evaluate=ended,
        evaluate_at=range(1, options.updates + 1), progress=None,
    )  # fmt: skip
    clock.rows.pop(0)
    return clock


def by_trl(model: Any, tokenizer: Any, prompts: list[str], options: argparse.Namespace) -> Clock:
    """TRL's, with the same settings."""
    import datasets
    import transformers

    os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
    from trl.experimental.ppo import PPOConfig, PPOTrainer, ppo_trainer

    clock = Clock()
    ppo_trainer.batch_generation = clock.timed(ppo_trainer.batch_generation)
    truncate = ppo_trainer.truncate_response

    def counted(stop: int, pad: int, responses: Any) -> Any:
        answers = truncate(stop, pad, responses)
        clock.tokens += int((answers != pad).sum())
        return answers

    ppo_trainer.truncate_response = counted

    class Ended(transformers.TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            clock.begin()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.update()

    if tokenizer.pad_token is None:
        tokenizer.add_special_tokens({"pad_token": "<|pad|>"})  # TRL hides it by its number, and never embeds it
    tokenizer.padding_side = "left"
    ids = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    scalar = transformers.GPT2ForSequenceClassification
    reward, value = (scalar(scalar.config_class(**{**model.config.to_dict(), "num_labels": 1})) for _ in range(2))
    for one in (reward, value):
        one.transformer.load_state_dict(model.transformer.state_dict())
        one.to(model.device)
    with tempfile.TemporaryDirectory() as folder:
        config = PPOConfig(
            folder, per_device_train_batch_size=options.batch, gradient_accumulation_steps=1,
            num_mini_batches=options.minibatches, num_ppo_epochs=options.epochs,
            total_episodes=options.updates * options.batch, response_length=options.length, stop_token="eos",
            temperature=1.0, missing_eos_penalty=1.0, learning_rate=1e-5, num_sample_generations=0,
            local_rollout_forward_batch_size=options.batch, gradient_checkpointing=False, bf16=False,
            use_cpu=model.device.type == "cpu", report_to=[], save_strategy="no", disable_tqdm=True, logging_steps=1,
        )  # fmt: skip
        trainer = PPOTrainer(
            config, tokenizer, model, None, reward, datasets.Dataset.from_dict({"input_ids": ids}), value,
            callbacks=[Ended()],
        )  # fmt: skip
        trainer.train()
    return clock


def measure(tool: str, options: argparse.Namespace) -> dict[str, Any]:
    """For a process of its own: what the updates took, peak memory in MB, and how far it is above the models'."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    model, tokenizer = policy_of(options.model)
    prompts = prompts_of(4 * options.batch)
    if tool == TRL:
        import trl.experimental.ppo  # noqa: F401  what the import needs does not count for the training
    else:
        from workbook.trainers import ppo  # noqa: F401
    before = memory_now("VmRSS")
    # generation, logging and deprecations say much on the way
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clock = (by_workbook if tool == OURS else by_trl)(model, tokenizer, prompts, options)
    peak = memory_now("VmHWM")
    gpu = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
    return {"rows": clock.rows[options.warm_up :], "peak": peak, "above": peak - before, "gpu": gpu}


def memory_now(entry: str) -> float:
    """MB from Linux's list of a process's memory: VmRSS is what it holds, VmHWM the most it has held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(entry + ":"))


def figures(run: dict[str, Any], epochs: int) -> dict[str, float]:
    """A run's figures: medians over its updates, so that a moment's disturbance is left out."""
    rows = run["rows"]

    def median(value: Any) -> float:
        return statistics.median(map(value, rows))

    return {
        "seconds": median(lambda row: row["wall"]),
        "cpu": median(lambda row: row["cpu"]),
        "answer": median(lambda row: row["tokens"]),
        "generated": median(lambda row: row["tokens"] / row["sampling_wall"]),
        "trained": median(lambda row: epochs * row["tokens"] / (row["wall"] - row["sampling_wall"])),
        "all": median(lambda row: row["tokens"] / row["wall"]),
        # per token, since the two do not draw the same answers
        "cpu_per_token": median(lambda row: row["cpu"] / row["tokens"]),
        "wall_per_token": median(lambda row: row["wall"] / row["tokens"]),
        "sampling_share": median(lambda row: row["sampling_wall"] / row["wall"]),
    }


def run_in_own_process(tool: str, arguments: list[str]) -> dict[str, Any]:
    """Measure in a new process, with this one's arguments."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments, "--measure", tool], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{tool} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", default="tiny-gpt-small", help="a folder in data/models (default tiny-gpt-small)")
    parser.add_argument("--full", action="store_true", help="gpt2's architecture with random weights, batch 128")
    parser.add_argument("--updates", type=int, default=8, help="of each run (default 8)")
    parser.add_argument("--warm-up", type=int, default=2, help="updates of each run that do not count (default 2)")
    parser.add_argument("--repeats", type=int, default=3, help="pairs of runs (default 3)")
    parser.add_argument("--batch", type=int, default=64, help="answers an update (default 64)")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--minibatches", type=int, default=1)
    parser.add_argument("--length", type=int, default=24, help="new tokens at most (default 24)")
    parser.add_argument("--threads", type=int, default=1, help="torch's threads (default 1)")
    parser.add_argument("--measure", choices=[OURS, TRL], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.full:
        options.model, options.batch = "gpt2", 128
    if options.measure:
        print(json.dumps(measure(options.measure, options)))
        return
    if importlib.util.find_spec("trl") is None:
        sys.exit("trl==1.12.0 is missing; it is in the extra `dev`: pip install -e '.[dev]' -c constraints.txt")
    from workbook import show

    load, began = os.getloadavg()[0], time.perf_counter()
    runs: dict[str, list[dict[str, Any]]] = {OURS: [], TRL: []}
    for repeat in range(options.repeats):
        for tool in runs if repeat % 2 else reversed(runs):  # who goes first changes
            runs[tool].append(run_in_own_process(tool, sys.argv[1:]))
    found = {tool: [figures(run, options.epochs) for run in runs[tool]] for tool in runs}
    rows = []
    for tool, each in found.items():
        middle = {name: statistics.median(one[name] for one in each) for name in each[0]}
        ratios = {
            name: statistics.median(a[name] / b[name] for a, b in zip(each, found[OURS], strict=True))
            for name in ("wall_per_token", "cpu_per_token")
        }
        gpu = max(run["gpu"] for run in runs[tool])
        rows.append([
            tool, f"{middle['seconds']:.2f}", f"{middle['cpu']:.2f}", f"{middle['answer']:,.0f}",
            f"{middle['generated']:,.0f}", f"{middle['trained']:,.0f}", f"{middle['sampling_share']:.0%}",
            f"{ratios['wall_per_token']:.2f}", f"{ratios['cpu_per_token']:.2f}",
            f"{max(run['peak'] for run in runs[tool]):,.0f}", f"{max(run['above'] for run in runs[tool]):,.0f}",
            f"{gpu:,.0f}" if gpu else "none",
        ])  # fmt: skip
    show.table(
        rows,
        [
            "loop", "seconds an update", "of the processor", "answer tokens", "generated a second",
            "trained a second", "share of sampling", "time per token to ours", "processor's to ours", "peak MB",
            "above the start", "peak GPU MB",
        ],
        f"{options.model}, {options.batch} answers of at most {options.length} tokens, {options.epochs} epochs of "
        f"{options.minibatches} minibatch(es), float32, {options.threads} thread(s): {options.repeats} pairs of runs "
        f"of {options.updates} updates in {time.perf_counter() - began:.0f} s; load {load:.1f} before and "
        f"{os.getloadavg()[0]:.1f} after on {os.cpu_count()} cores",
    )  # fmt: skip


if __name__ == "__main__":
    main()
