"""The picture of link previews: of the right size, light, and drawn from what the package does."""

import struct

from draw_social import FILE, HEIGHT, KEY, WIDTH, digest

PNG = FILE.read_bytes()


def test_it_has_the_size_that_previews_want():
    assert PNG.startswith(b"\x89PNG")
    assert struct.unpack(">II", PNG[16:24]) == (WIDTH, HEIGHT) == (1200, 630)
    assert len(PNG) <= 100_000


def test_it_was_drawn_from_what_the_package_does_now():
    assert f"tEXt{KEY}\0{digest()}".encode() in PNG, "run: python scripts/draw_social.py"
