"""The locks: exact, complete, without CUDA, and what is installed here."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements-book.txt", "requirements.txt", "requirements-test.txt"]
FIXED = ["jupyter-book", "transformers", "torch", "ipywidgets", "nbval", "pytest"]


def locked(name):
    """The requirements of a lock that hold on this machine."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()[1:]
    found = [Requirement(line) for line in lines]
    return {one.name: one.specifier for one in found if one.marker is None or one.marker.evaluate()}


@pytest.mark.parametrize("name", LOCKS)
def test_each_line_is_the_exact_version_that_is_installed(name):
    for package, specifier in locked(name).items():
        assert re.fullmatch(r"==[\w.]+", str(specifier)), package
        # A build of torch adds its own name to the version, as in 2.13.0+cpu.
        assert specifier.contains(version(package)), package


def test_each_lock_is_a_part_of_the_next():
    book, run, test = (locked(name) for name in LOCKS)
    assert run.items() >= book.items()
    assert test.items() >= run.items()
    assert all(package in run for package in FIXED)
    assert not {"torch", "transformers", "datasets", "pyarrow"} & book.keys()


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_cuda_or_an_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"nvidia|cuda|triton|https?:|--", text)


def test_the_locks_are_within_the_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    stated = [*project["dependencies"], *(one for extra in extras.values() for one in extra)]
    test = {name.lower(): one for name, one in locked("requirements-test.txt").items()}
    for requirement in map(Requirement, stated):
        if requirement.name != "chatshift":
            found = str(test[requirement.name.lower()]).removeprefix("==")
            assert requirement.specifier.contains(found), requirement
