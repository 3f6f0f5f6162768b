"""The check of the built documentation finds what it is to find."""

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "docs" / "check_site.py"
spec = importlib.util.spec_from_file_location("check_site", FILE)
check_site = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_site)

GOOD = """
<link rel="stylesheet" href="style.css"><link rel="canonical" href="https://a.org/">
<script src="script.js"></script><img src="data:image/png;base64,AA=="><i id="here"></i>
<a href="#here">x</a><a href="index.html">x</a><a href="https://a.org/">x</a>
<a href="mailto:a@a.org">x</a>
"""


def check(tmp_path, html, css="a { color: red }", js="var a = 'https://a.org'"):
    (tmp_path / "index.html").write_text(html)
    (tmp_path / "style.css").write_text(css)
    (tmp_path / "script.js").write_text(js)
    return check_site.main(tmp_path)


def test_site_that_stands_alone(tmp_path, capsys):
    assert check(tmp_path, GOOD) == 0
    assert "1 pages, 4 links: 0 faults" in capsys.readouterr().out


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://a.org/a.js"></script>',
        '<script src="//a.org/a.js"></script>',
        '<script>import("https://a.org/a.js")</script>',
        '<link rel="stylesheet" href="https://a.org/a.css">',
        '<link rel="preconnect" href="https://a.org">',
        '<img src="http://a.org/a.png">',
        '<img srcset="index.html, https://a.org/a.png 2x">',
        '<iframe src="https://a.org"></iframe>',
        '<p style="background: url(https://a.org/a.png)">',
        "<style>@import 'https://a.org/a.css';</style>",
    ],
)
def test_load_from_outside(tmp_path, capsys, html):
    assert check(tmp_path, GOOD + html) == 1
    assert "a.org" in capsys.readouterr().out


@pytest.mark.parametrize(
    "asset",
    [
        {"css": "@font-face { src: url('https://a.org/a.woff2') }"},
        {"js": "fetch('https://a.org/versions.json')"},
        {"js": "element.src = 'https://a.org/a.js'"},
    ],
)
def test_load_from_outside_by_an_asset(tmp_path, asset):
    assert check(tmp_path, GOOD, **asset) == 1


@pytest.mark.parametrize(
    "html",
    ['<a href="gone.html">x</a>', '<a href="#gone">x</a>', '<img src="gone.png">'],
)
def test_broken_link(tmp_path, capsys, html):
    assert check(tmp_path, GOOD + html) == 1
    assert "gone" in capsys.readouterr().out


def test_no_pages(tmp_path):
    assert check_site.main(tmp_path) == 1
