"""Check a built site: it loads nothing from outside, and every link leads somewhere.

Usage: python docs/check_site.py docs/_build/html

Links to other sites are left alone: following one is the reader's choice.
"""

import pathlib
import re
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

# Attributes whose URL a browser fetches by itself.
LOADED = {"src", "srcset", "data", "poster", "background", "xlink:href"}
# <link>s that only say how pages belong together.
RELATIONS = {"author", "canonical", "genindex", "index", "next", "prev", "search"}
IN_STYLES = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""")
IN_SCRIPTS = re.compile(
    r"""(?:\b(?:fetch|import|importScripts|open|Worker)\s*\(|\bsrc\s*=|\bfrom)"""
    r"""\s*["'`]((?:https?:)?//[^"'`]+)"""
)


class Page(HTMLParser):
    """What a page loads, where its links go, and what links can go to."""

    def __init__(self, text):
        super().__init__()
        self.loaded, self.links, self.ids = [], [], set()
        self._inside = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        self._inside = tag
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        for name in LOADED & values.keys():
            images = values[name].split(", ")  # srcset="a.png, b.png 2x"
            self.loaded += [image.split()[0] for image in images if image]
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and not RELATIONS & set(values.get("rel", "").split()):
            self.loaded.append(values.get("href", ""))
        self.loaded += IN_STYLES.findall(values.get("style", ""))

    def handle_data(self, data):
        if self._inside == "style":
            self.loaded += IN_STYLES.findall(data)
        elif self._inside == "script":
            self.loaded += IN_SCRIPTS.findall(data)

    def handle_endtag(self, tag):
        self._inside = None


def is_outside(url):
    """Whether a URL names another host."""
    parts = urlsplit(url)
    return bool(parts.netloc) or parts.scheme in ("http", "https")


def find_loads_from_outside(site, pages):
    """Yield (file, URL) for all that HTML, style sheets and scripts would fetch."""
    for path, page in pages.items():
        yield from ((path, url) for url in page.loaded if is_outside(url))
    for suffix, pattern in (".css", IN_STYLES), (".js", IN_SCRIPTS):
        for path in site.rglob(f"*{suffix}"):
            urls = pattern.findall(path.read_text(encoding="utf-8"))
            yield from ((path, url) for url in urls if is_outside(url))


def find_broken_links(pages):
    """Yield (file, URL) for links and loads within the site that lead nowhere."""
    for path, page in pages.items():
        for url in page.links + page.loaded:
            if urlsplit(url).scheme or is_outside(url):
                continue
            parts = urlsplit(urljoin(path.as_uri(), url))
            target = pathlib.Path(unquote(parts.path))
            target = target / "index.html" if target.is_dir() else target
            known = target not in pages or unquote(parts.fragment) in pages[target].ids
            if not target.exists() or (parts.fragment and not known):
                yield path, url


def main(folder):
    """Print what is wrong with the site in a folder; return the exit code."""
    site = pathlib.Path(folder).resolve()
    files = set(site.rglob("*.html")) - set(site.rglob("_static/**/*.html"))
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(files)}
    if not pages:
        print(f"no pages in {site}")
        return 1
    outside = list(find_loads_from_outside(site, pages))
    broken = list(find_broken_links(pages))
    for path, url in outside:
        print(f"{path.relative_to(site)}: loads {url} from outside")
    for path, url in broken:
        print(f"{path.relative_to(site)}: {url} leads nowhere")
    n_links = sum(len(page.links) for page in pages.values())
    print(f"{len(pages)} pages, {n_links} links: {len(outside) + len(broken)} faults")
    return 1 if outside or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
