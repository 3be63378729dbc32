"""What the project's page on PyPI shows of a repository whose address only a build on GitHub knows.

All else stands in pyproject.toml.
"""

import os
import re
from pathlib import Path

from setuptools import setup

readme = Path(__file__).with_name("README.md").read_text("utf-8")
urls = {}
if repository := os.environ.get("GITHUB_REPOSITORY"):
    owner, name = repository.split("/")
    home = f"https://github.com/{repository}"
    urls = {
        "Documentation": f"https://{owner.lower()}.github.io/{name}/",
        "Source": home,
        "Issues": f"{home}/issues",
        "Changelog": f"{home}/blob/main/CHANGELOG.md",
    }
    # PyPI shows the README away from its neighbours.
    readme = re.sub(r"(!\[[^\]]*\]\()(?!https:)", rf"\1{home}/raw/main/", readme)
    readme = re.sub(r"((?<!!)\[[^\]]*\]\()(?!https:)", rf"\1{home}/blob/main/", readme)

setup(
    long_description=readme,
    long_description_content_type="text/markdown",
    project_urls=urls,
)
