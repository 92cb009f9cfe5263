"""Writes pack-1.npz, a pack as Kindling 0.1 writes them: python3 pack.py > pack-1.npz (needs nothing else).

Two classes, Greek/alpha of three images and Greek/beta of two, of 3 channels, 2 x 2. Sample i of image n of class c is
(100 c + 30 n + i) modulo 256. The originals are made up: image n had 1000 + n bytes with the CRC-32 n.
"""
import hashlib
import io
import json
import sys
import zipfile
import zlib


def stored(pack, name, content):
    pack.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)


def array(images):
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(images)}, 3, 2, 2), }}"
    text += " " * (-(10 + len(text) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + b"".join(images)


out = io.BytesIO()
lines = []
digest = hashlib.sha256()
with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
    for c, (name, count) in enumerate([("Greek/alpha", 3), ("Greek/beta", 2)]):
        images = [bytes((100 * c + 30 * n + i) % 256 for i in range(12)) for n in range(count)]
        stored(pack, name + ".npy", array(images))
        for n, image in enumerate(images):
            original = f"{name}\t{n:02d}.png\t{1000 + n}\t{n:x}"
            digest.update((original + "\n").encode())
            lines.append(f"{original}\t{zlib.crc32(image):x}\n")
    stored(pack, "images.tsv", "".join(lines))
    stored(pack, "train.txt", "Greek/alpha\nGreek/beta/rot090\n")
    manifest = {"format": "kindling-pack", "version": 1, "image_size": 2, "channels": 3, "classes": 2, "images": 5}
    stored(pack, "kindling-pack.json", json.dumps({**manifest, "hash": digest.hexdigest()}))
sys.stdout.buffer.write(out.getvalue())
