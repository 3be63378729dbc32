"""The package as a user gets it: built, installed where nothing else is, and run."""

import os
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from build.util import project_wheel_metadata
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
REPOSITORY = "some-owner/some-name"
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def run(*command, cwd=ROOT, **names):
    """Run a command without this checkout on the path; return what it prints."""
    hidden = ("PYTHON", "GITHUB_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(hidden)} | names
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that is built from the source distribution, as PyPI gets both."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    # What is tracked and nothing else: setuptools also packs what an earlier build has listed.
    for name in run("git", "ls-files").splitlines():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--outdir", out, source, GITHUB_REPOSITORY=REPOSITORY)
    (sdist,) = out.glob("*.tar.gz")
    (found,) = out.glob("*.whl")
    assert sdist.name.removesuffix(".tar.gz") == found.name.split("-py3")[0]
    return found


def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        return message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    kept = run("git", "ls-files", "chatshift").split()
    assert sorted(name for name in names if ".dist-info/" not in name) == sorted(kept)
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_what_pypi_shows(wheel):
    found = metadata(wheel)
    assert found["Summary"]
    assert found["License-Expression"] == "MIT"
    assert "labels" in found["Keywords"].split(",")
    listed = set(found.get_all("Classifier"))
    assert {"Typing :: Typed", "Programming Language :: Python :: 3.11"} <= listed
    # The licence is stated above; a classifier for it as well would be refused.
    assert not [one for one in listed if one.startswith("License ::")]
    text = found.get_payload()
    assert text.startswith("# chatshift")
    assert found["Description-Content-Type"] == "text/markdown"


def test_the_addresses_come_from_the_environment_alone(wheel, monkeypatch):
    found = metadata(wheel)
    home = f"https://github.com/{REPOSITORY}"
    assert f"Source, {home}" in found.get_all("Project-URL")
    text = found.get_payload()
    assert f"]({home}/raw/main/book/_assets/shift.svg)" in text
    assert f"[CONTRIBUTING.md]({home}/blob/main/CONTRIBUTING.md)" in text
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    plain = project_wheel_metadata(ROOT)
    assert "Project-URL" not in plain
    assert "](book/_assets/shift.svg)" in plain.json["description"]


def test_the_readme_runs_where_only_the_dependencies_are(wheel, tmp_path):
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    # The locked versions, so that a new release elsewhere changes nothing here.
    run(
        *PIP,
        "--python",
        python,
        "install",
        "--quiet",
        "--constraint",
        ROOT / "requirements.txt",
        wheel,
    )
    names = run(*PIP, "--python", python, "list", "--format=freeze").lower()
    installed = {line.split("==")[0] for line in names.split()}
    direct = {Requirement(line) for line in metadata(wheel).get_all("Requires-Dist")}
    assert {one.name for one in direct if "extra" not in str(one.marker)} <= installed
    assert not installed & {"torch", "datasets", "pyarrow", "ipywidgets", "pytest", "setuptools"}
    where = run(python, "-c", "import chatshift; print(chatshift.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path)
    code = (
        "import doctest, sys;"
        "failed, tried = doctest.testfile(sys.argv[1], module_relative=False);"
        "print(tried); sys.exit(failed)"
    )
    tried = run(python, "-c", code, ROOT / "README.md", cwd=tmp_path, HF_HUB_OFFLINE="1")
    assert int(tried) >= 6
    rows = '{"prompt": "Hi", "completion": "Yes"}\n{"messages": [{"role": "us'
    (tmp_path / "data.jsonl").write_text(rows, encoding="utf-8")
    command = [python.parent / "chatshift", "audit", "data.jsonl", "--fail-on", "never"]
    printed = run(*command, "--html", "r.html", "--json", "r.json", cwd=tmp_path)
    assert "data.jsonl:2" in printed
    assert "it breaks off after character 26" in printed
    assert (tmp_path / "r.html").stat().st_size > 40_000
    assert (tmp_path / "r.json").stat().st_size > 500
