"""Writes pillow.txt, what Pillow makes of some images: python3 pillow.py OMNIGLOT_FOLDER > pillow.txt (needs Pillow).

A line is a name, quarter turns counter-clockwise, and base64 of the zlib-compressed 28 x 28 grey bytes. Names are
CLASS/IMAGE of the complete Omniglot, or pattern-WIDTHxHEIGHT: pixel (x, y) is (7 x x + 13 y + x y) modulo 256; or
colour-WIDTHxHEIGHT, never turned: the same with 50 c x more in channel c = 0, 1, 2, and three squares for red, green and blue.
No pattern is much taller than wide: for those, recent versions of Pillow filter columns before rows.
"""
import base64
import io
import sys
import zipfile
import zlib

from PIL import Image

SIZE = 28
TURNS = [None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270]


def line(name, image):
    small = image.convert("L").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    for turns, operation in enumerate(TURNS):
        turned = small if operation is None else small.transpose(operation)
        print(name, turns, base64.b64encode(zlib.compress(turned.tobytes(), 9)).decode("ascii"))


def omniglot(folder):
    for archive in ["images_background.zip", "images_evaluation.zip"]:
        with zipfile.ZipFile(f"{folder}/{archive}") as images:
            names = sorted(name for name in images.namelist() if name.endswith(".png"))
            for name in names[7 :: len(names) // 10][:10]:
                line(name.split("/", 1)[1], Image.open(io.BytesIO(images.read(name))))


def pattern(width, height):
    pixels = bytes((7 * x * x + 13 * y + x * y) % 256 for y in range(height) for x in range(width))
    line(f"pattern-{width}x{height}", Image.frombytes("L", (width, height), pixels))


def colour(width, height):
    pixels = bytes(
        (7 * x * x + 13 * y + x * y + 50 * c * x) % 256 for y in range(height) for x in range(width) for c in range(3)
    )
    small = Image.frombytes("RGB", (width, height), pixels).resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    planes = b"".join(plane.tobytes() for plane in small.split())
    print(f"colour-{width}x{height}", 0, base64.b64encode(zlib.compress(planes, 9)).decode("ascii"))


colour(71, 40)
colour(10, 12)
pattern(105, 105)
pattern(71, 40)
pattern(10, 12)
pattern(28, 28)
pattern(300, 5)
omniglot(sys.argv[1])
