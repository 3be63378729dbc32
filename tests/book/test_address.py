"""The book, built without an address and with one: what it offers, and where its links lead."""

import os
import re
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from xml.etree import ElementTree

import nbformat
import pytest
from book_address import Address, find_address
from sphinx.errors import ConfigError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("book/*.ipynb"))
TEXTS = sorted(ROOT.glob("book/*.md"))
# What the environment says, and where GitHub serves such a repository's pages.
REPOSITORY = "Some-Owner/some_name"
PAGES = "https://some-owner.github.io/some_name/"
ELSEWHERE = "https://example.org/"
LINKS = {"a": "href", "link": "href", "script": "src", "img": "src", "form": "action"}


class Page(HTMLParser):
    """The tags of a page that lead somewhere or say what it is."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.meta, self.canonical = [], {""}, {}, []
        self.base = self.run = None
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids.add(values.get("id") or "")
        if tag == "meta":
            self.meta[values.get("property", values.get("name"))] = values.get("content")
        elif tag == "base":
            self.base = values["href"]
        elif values.get("rel") == "canonical":
            self.canonical.append(values["href"])
        elif link := values.get(LINKS.get(tag)):
            self.links.append(link)
            if values.get("class") == "book-run":
                self.run = link


class Site(NamedTuple):
    folder: Path
    address: str
    pages: dict[str, Page]

    def file(self, url):
        """The file that a host has for an address of this site; None for others."""
        if not url.startswith(self.address):
            return None
        return self.folder / unquote(urlsplit(url[len(self.address) :]).path)


def build(address, repository, out):
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GITHUB_")}
    environment |= {"GITHUB_REPOSITORY": repository} if repository else {}
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT), "--all"]
    command += ["--quiet", "--warningiserror", "--nitpick", "--path-output", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    folder = out / "_build" / "html"
    written = [*folder.glob("*.html"), *folder.glob("book/*.html")]
    pages = {path.relative_to(folder).as_posix(): Page(path) for path in written}
    return Site(folder, address, pages)


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """Both builds, made at the same time."""
    folders = [tmp_path_factory.mktemp("site") for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(build, (ELSEWHERE, PAGES), (None, REPOSITORY), folders))


def test_without_an_address_a_page_offers_nothing_that_needs_one(sites):
    site, _ = sites
    for path in [*site.folder.rglob("*.html"), *site.folder.glob("*.txt")]:
        assert not re.search(r"github\.io|colab\.research|mybinder|/edit/", path.read_text("utf-8"))
    for page in site.pages.values():
        assert not page.canonical
        assert not {"og:url", "og:image"} & page.meta.keys()
    assert not [*site.folder.rglob("*.ipynb"), *site.folder.rglob("sitemap*")]


def test_with_an_address_each_notebook_can_be_run_elsewhere_and_downloaded(sites):
    _, site = sites
    place = "Some-Owner/some_name"
    for path in NOTEBOOKS:
        name = f"book/{path.name}"
        links = site.pages[f"book/{path.stem}.html"].links
        assert f"https://colab.research.google.com/github/{place}/blob/main/{name}" in links
        assert f"https://mybinder.org/v2/gh/{place}/main?urlpath=lab/tree/{name}" in links
        assert path.name in links
        assert (site.folder / name).read_bytes() == path.read_bytes()
    for path in [*NOTEBOOKS, *TEXTS]:
        links = site.pages[f"book/{path.stem}.html"].links
        assert f"https://github.com/{place}/edit/main/book/{path.name}" in links


def test_a_text_is_no_notebook(sites):
    _, site = sites
    for path in TEXTS:
        links = site.pages[f"book/{path.stem}.html"].links
        assert not [link for link in links if "colab." in link or link.endswith(".ipynb")]


def test_the_sitemap_lists_each_page_by_its_canonical_address(sites):
    _, site = sites
    tree = ElementTree.parse(site.folder / "sitemap.xml")
    listed = [str(element.text) for element in tree.iter() if element.tag.endswith("}loc")]
    pages = {f"book/{path.stem}.html" for path in [*NOTEBOOKS, *TEXTS]}
    assert sorted(listed) == sorted(PAGES + page for page in pages)
    for name in pages:
        assert site.pages[name].canonical == [PAGES + name]
        assert site.pages[name].meta["og:url"] == PAGES + name


def test_previews_show_a_picture_of_the_size_that_they_are_told(sites):
    _, site = sites
    for path in [*NOTEBOOKS, *TEXTS]:
        meta = site.pages[f"book/{path.stem}.html"].meta
        data = site.file(meta["og:image"]).read_bytes()
        size = struct.unpack(">II", data[16:24])
        assert size == (int(meta["og:image:width"]), int(meta["og:image:height"]))
        assert meta["og:image:alt"]


def test_every_link_within_the_book_leads_somewhere(sites):
    for site in sites:
        for name, page in site.pages.items():
            for link in page.links:
                url, fragment = urldefrag(urljoin(urljoin(site.address + name, page.base), link))
                if (file := site.file(url)) is None or page.base == "/":
                    continue
                assert file.is_file(), f"{name}: {link}"
                known = site.pages.get(file.relative_to(site.folder).as_posix())
                assert not fragment or fragment in known.ids, f"{name}: {link}"


@pytest.mark.parametrize("place", ["404.html", "gone.html", "book/gone.html", "a/b/c/gone"])
def test_the_page_of_missing_addresses_has_working_links_at_any_depth(sites, place):
    for site in sites:
        page = site.pages["404.html"]
        assert page.meta["robots"] == "noindex"
        seen = set()
        for link in page.links:
            url, _ = urldefrag(urljoin(urljoin(site.address + place, page.base), link))
            if file := site.file(url):
                assert file.is_file(), link
                seen.add(file.relative_to(site.folder).as_posix())
        # The way to the first page and to a chapter, the search, the looks; and no way out of here.
        wanted = {"book/index.html", "book/06_shift.html", "search.html", "_static/book.css"}
        assert wanted <= seen
        assert not [link for link in page.links if link.startswith("#")]


def test_how_to_run_it_is_one_link_away(sites):
    for site in sites:
        for name, page in site.pages.items():
            if name != "index.html":  # It only leads on to book/index.html.
                place = urljoin(site.address + name, page.base)
                assert page.run, name
                assert urljoin(place, page.run) == site.address + "book/run.html"


def test_the_four_ways_stand_on_the_first_page_and_on_their_own():
    ways = {"here", "`make lab`", "Colab", "`pip install chatshift`", "How do I run this?"}
    cells = nbformat.read(ROOT / "book/index.ipynb", 4).cells
    (first,) = [cell for cell in cells if cell.id == "index-text-doors"]
    assert {way for way in ways if way in first.source} == ways
    assert "](run.md)" in first.source
    page = (ROOT / "book/run.md").read_text("utf-8")
    assert {way for way in ways if way.strip("`") in page} == ways


def test_language_models_find_every_page_as_text(sites):
    for site in sites:
        listed = (site.folder / "llms.txt").read_text("utf-8")
        links = re.findall(r"\]\(([^)]+)\)", listed)
        files = [site.file(urljoin(site.address, link)) for link in links]
        pages = {path.stem for path in [*NOTEBOOKS, *TEXTS]} - {"references"}
        assert {file.stem for file in files} == pages
        full = (site.folder / "llms-full.txt").read_text("utf-8")
        for file in files:
            text = file.read_text("utf-8")
            # The extension takes out all but one of the empty lines that follow each other.
            assert re.sub(r"\n{3,}", "\n\n", text).strip() in full, file.name
            assert not re.search(r"IPY_MODEL|\"cell_type\"|pip install --quiet", text)
        assert "chatshift.prepare_batch(" in full, (
            "the package's page holds what its docstrings say"
        )


def test_a_repository_of_the_owners_own_pages_stands_at_the_root():
    assert Address("Ann", "ann.github.io").pages == "https://ann.github.io/"
    assert Address("Ann", "book").pages == "https://ann.github.io/book/"


def test_a_repository_that_has_no_such_form_stops_the_build(monkeypatch):
    for wrong in ("name", "https://github.com/owner/name", "owner/", 'owner/na"me'):
        monkeypatch.setenv("GITHUB_REPOSITORY", wrong)
        with pytest.raises(ConfigError, match=re.escape(f"{wrong!r}. Set it to owner/name")):
            find_address()
    monkeypatch.setenv("GITHUB_REPOSITORY", "")
    assert find_address() is None
