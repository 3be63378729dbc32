"""What only GitHub, Colab or Binder run: its form, and that it names what there is."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from book_address import BRANCH
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
KIT = ROOT / ".github"
WORKFLOWS = {path.stem: path for path in sorted(KIT.glob("workflows/*.yml"))}
FORMS = [KIT / "ISSUE_TEMPLATE" / name for name in ("book.yml", "label.yml")]
SCHEMAS = {
    "github-workflows": list(WORKFLOWS.values()),
    "github-issue-forms": FORMS,
    "github-issue-config": [KIT / "ISSUE_TEMPLATE" / "config.yml"],
    "dependabot": [KIT / "dependabot.yml"],
    "citation-file-format": [ROOT / "CITATION.cff"],
}


def load(path):
    # YAML 1.1 reads the key `on` as a truth value.
    return yaml.safe_load(path.read_text("utf-8").replace("\non:", '\n"on":'))


def steps(name):
    return [step for job in load(WORKFLOWS[name])["jobs"].values() for step in job.get("steps", [])]


def commands(name):
    return "\n".join(step.get("run", "") for step in steps(name))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_file_has_its_published_form(schema):
    files = [str(path) for path in SCHEMAS[schema]]
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", f"vendor.{schema}", *files])
    assert done.exit_code == 0, done.output


def test_there_are_four_workflows_and_no_file_without_a_check():
    assert list(WORKFLOWS) == ["ci", "latest", "pages", "release"]
    checked = {path for paths in SCHEMAS.values() for path in paths}
    assert {path for path in KIT.rglob("*") if path.is_file()} <= checked


def test_each_workflow_runs_what_there_is():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
    targets = set(re.findall(r"^([\w./]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    made = {name: re.findall(r"\bmake ([\w./]+)", commands(name)) for name in WORKFLOWS}
    assert made == {"ci": [], "latest": ["latest"], "pages": ["book"], "release": []}
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    asked = container["postCreateCommand"].removeprefix("make ")
    assert {"latest", "book", asked} <= targets
    assert ".ci/run" in commands("ci")
    assert "-m build" in commands("release")


def test_ci_runs_on_linux_and_on_a_mac():
    job = load(WORKFLOWS["ci"])["jobs"]["test"]
    kinds = {name.split("-")[0] for name in job["strategy"]["matrix"]["os"]}
    assert kinds == {"ubuntu", "macos"}


def test_a_release_waits_for_ci_and_has_no_password():
    jobs = load(WORKFLOWS["release"])["jobs"]
    assert jobs["check"]["uses"] == "./.github/workflows/ci.yml"
    assert "workflow_call" in load(WORKFLOWS["ci"])["on"]
    assert (jobs["build"]["needs"], jobs["publish"]["needs"]) == ("check", "build")
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert load(WORKFLOWS["release"])["on"] == {"push": {"tags": ["v*"]}}
    assert not re.search(r"secrets|password", WORKFLOWS["release"].read_text().split("\n", 2)[2])


def test_the_pages_are_built_from_the_branch_that_their_links_name():
    assert load(WORKFLOWS["pages"])["on"]["push"]["branches"] == [BRANCH]


def test_a_workflow_may_no_more_than_it_must():
    for path in WORKFLOWS.values():
        assert load(path)["permissions"] == {"contents": "read"}
        assert "pull_request_target" not in path.read_text()
    for name in WORKFLOWS:
        for step in steps(name):
            # A tag can be moved, a commit cannot.
            used = step.get("uses", "")
            assert not used or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", used)
            # Text from a title or a branch must not become a part of a command.
            assert "${{" not in step.get("run", "")
            if used.startswith("actions/checkout@"):
                assert step["with"] == {"persist-credentials": False}


def test_every_python_that_is_set_up_may_have_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    allowed = Requirement(f"x{project['requires-python']}").specifier
    named = [
        step["with"]["python-version"]
        for name in WORKFLOWS
        for step in steps(name)
        if "python-version" in step.get("with", {})
    ]
    named.append((ROOT / ".binder/runtime.txt").read_text().strip().removeprefix("python-"))
    image = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())["image"]
    named.append(image.split(":")[1])
    assert len(named) == 6
    assert all(allowed.contains(version) for version in named)


def test_the_forms_ask_for_what_mends_a_bug():
    asked = {form.stem: {part.get("id") for part in load(form)["body"]} for form in FORMS}
    assert {"call", "template", "found", "expected", "versions"} <= asked["label"]
    assert {"place", "words", "better"} <= asked["book"]


def test_no_repository_is_named():
    listed = subprocess.run(
        ["git", "ls-files", "*.yml", "*.toml", "*.json", "*.cff", "*.md", "setup.py", "Makefile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in listed:
        if not name.startswith("chatshift/tiny/"):
            text = (ROOT / name).read_text("utf-8")
            assert not re.search(r"github\.(com|io)/[\w.-]*/?chatshift", text), name
