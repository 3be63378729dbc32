"""What pages can offer where the build knows the repository's address.

GitHub's runners name the repository in `GITHUB_REPOSITORY`, and nothing else does. With that name
pages link to Colab, Binder, the notebook's file and the editor, and say where they stand; a sitemap
lists them. Without it there is none of this, since every one of these addresses would be a guess.
"""

import os
import re
import shutil
from html import escape
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape as escape_xml

from sphinx.errors import ConfigError

# The branch that the pages are built from.
BRANCH = "main"
PICTURE = "_static/social.png"
PICTURE_SHOWS = (
    "Each input token stands above its label: "
    "the labels have moved one token to the left"
)


class Address(NamedTuple):
    """A repository on GitHub, and where its pages stand."""

    owner: str
    name: str

    @property
    def path(self) -> str:
        """The folder of the pages on their host: GitHub keeps one repository for the root."""
        root = f"{self.owner}.github.io"
        return "/" if self.name.lower() == root.lower() else f"/{self.name}/"

    @property
    def pages(self) -> str:
        """The address of the book's folder."""
        return f"https://{self.owner.lower()}.github.io{self.path}"

    def links(self, source: str) -> dict[str, str]:
        """Return what a page offers, by its words; `source` is its file in the repository."""
        place = f"{self.owner}/{self.name}"
        colab = "https://colab.research.google.com/github"
        binder = f"https://mybinder.org/v2/gh/{place}/{BRANCH}"
        edit = {
            "Edit this page": f"https://github.com/{place}/edit/{BRANCH}/{source}"
        }
        if not source.endswith(".ipynb"):
            return edit
        return {
            "Open in Colab": f"{colab}/{place}/blob/{BRANCH}/{source}",
            "Launch Binder": f"{binder}?urlpath=lab/tree/{source}",
            "Download this notebook": Path(source).name,
            **edit,
        }


def find_address() -> Address | None:
    """Return the address that the environment names, or None if it names none."""
    name = os.environ.get("GITHUB_REPOSITORY", "")
    if not name:
        return None
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise ConfigError(
            f"GITHUB_REPOSITORY is {name!r}. Set it to owner/name, or unset it."
        )
    return Address(*name.split("/"))


def use_address(app, config):
    """Tell Sphinx the address of the pages, which writes it into each as canonical."""
    address = find_address()
    config.html_baseurl = address.pages if address else ""
    # Without an address, the list of texts for language models names neighbours.
    if not address:
        config.llms_txt_uri_template = "_sources/{docname}{suffix}"


def link_list(links: dict[str, str]) -> str:
    """Return the links as HTML."""
    items = [
        f'<li><a href="{escape(target)}"'
        f"{' download' if words.startswith('Download') else ''}>{words}</a></li>"
        for words, target in links.items()
    ]
    return (
        '<nav class="page-links d-print-none" aria-label="Run or edit this page">'
        f"<ul>{''.join(items)}</ul></nav>"
    )


def picture_tags(address: Address, page: str) -> str:
    """Return the tags that need a full address: the page's own, and the picture of previews."""
    values = {
        "og:url": page,
        "og:image": address.pages + PICTURE,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": PICTURE_SHOWS,
        "twitter:card": "summary_large_image",
    }
    return "".join(
        f'<meta property="{name}" content="{escape(value)}">'
        for name, value in values.items()
    )


def finish_page(app, pagename, templatename, context, doctree):
    """Add what this page can offer; give the page of missing addresses its base."""
    address = find_address()
    if pagename == "404":
        # It is served for addresses of any depth, so its links need a fixed start.
        base = address.path if address else "/"
        context["metatags"] = (
            f'<base href="{base}"><meta name="robots" content="noindex">'
        )
        context["pageurl"] = None
    if address is None or doctree is None:
        return
    page = address.pages + app.builder.get_target_uri(pagename)
    context["metatags"] += picture_tags(address, page)
    source = Path(app.env.doc2path(pagename)).relative_to(app.srcdir).as_posix()
    links = link_list(address.links(source))
    context["body"] = context["body"].replace("</h1>", f"</h1>{links}", 1)


def page_of_missing_addresses(app):
    """Name the page that hosts show where an address leads nowhere."""
    return [("404", {"title": "Page not found"}, "404.html")]


def finish_build(app, exception):
    """Put each notebook beside its page; list the pages for search engines."""
    address = find_address()
    if exception is not None or address is None:
        return
    for notebook in Path(app.srcdir, "book").glob("*.ipynb"):
        shutil.copy(notebook, Path(app.outdir, "book"))
    targets = sorted(map(app.builder.get_target_uri, app.env.found_docs))
    urls = [
        f"<url><loc>{escape_xml(address.pages + target)}</loc></url>\n"
        for target in targets
    ]
    (Path(app.outdir) / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{''.join(urls)}</urlset>\n",
        "utf-8",
    )


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", use_address)
    app.connect("html-collect-pages", page_of_missing_addresses)
    # After the tags that need no address.
    app.connect("html-page-context", finish_page, priority=910)
    app.connect("build-finished", finish_build)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
