#!/usr/bin/env python3
"""Writes the seeds that are bytes into corpus/, each named for what it is; those that are text are written
by hand. Inputs that once were findings stay where they are."""

import gzip
import hashlib
import io
import json
import pathlib
import struct
import zipfile
import zlib

HERE = pathlib.Path(__file__).parent / "corpus"


def write(target, **seeds):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (folder / name.replace("_", "-")).write_bytes(content)


def part(content):
    """What Input::part takes."""
    return struct.pack("<H", len(content)) + content


# ---- wire: protobuf by hand


def varint(number):
    out = b""
    while number >= 128:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


REQUEST, CANCEL, CREDIT, REPLY, ITEM, END = range(1, 7)


def header(kind, id=1, method="", sequence=0, credit=0):
    out = field(1, kind) + field(2, id)
    if method:
        out += field(3, method) + field(9, 1)
    if sequence:
        out += field(6, sequence)
    return out + (field(7, credit) if credit else b"")


def frames(*all):
    out = b""
    for i, frame in enumerate(all):
        follows = 0x8000 if i + 1 < len(all) else 0
        out += struct.pack("<H", len(frame) | follows) + frame
    return out


def block(channels, samples):
    return field(1, channels) + field(2, samples)


floats = struct.pack("<6f", 0, 0.25, 0.5, 0.75, 1, 1)
query = field(1, "cavity") + field(2, block(3, 2))
opening = field(1, field(1, "cavity") + field(4, "mark"))
stream_block = field(2, field(1, block(3, 2)))
stream = "phyll.v1.Rigs/Stream"
write(
    "wire",
    query=frames(header(REQUEST, method="phyll.v1.Rigs/Query"), query, floats),
    query_of_another_size=frames(header(REQUEST, method="phyll.v1.Rigs/Query"), field(2, block(2**32 - 1, 2**32 - 1)), floats),
    put_of_bytes=frames(header(REQUEST, method="phyll.v1.Data/Put"), field(1, b"\1" * 32), b"some bytes"),
    submit=frames(header(REQUEST, method="phyll.v1.Runs/Submit"), field(1, field(1, "vowels"))),
    watch_with_credit=frames(header(REQUEST, method="phyll.v1.Runs/Watch", credit=2), field(1, 7)) + frames(header(CREDIT, credit=3)),
    watch_cancelled=frames(header(REQUEST, 3, "phyll.v1.Runs/Watch", credit=1), field(1, 7)) + frames(header(CANCEL, 3)),
    conversation=frames(header(REQUEST, 2, stream), opening, b"bytes")
    + frames(header(ITEM, 2, credit=1), stream_block, floats)
    + frames(header(ITEM, 2, sequence=1), stream_block, floats)
    + frames(header(END, 2)),
    item_that_was_not_granted=frames(header(REQUEST, 2, stream), opening)
    + frames(header(ITEM, 2, sequence=9), stream_block, floats),
    unknown_method=frames(header(REQUEST, method="phyll.v1.Rigs/Nothing"), b""),
    no_header=b"GET / HTTP/1.1\r\n\r\n",
)

# ---- usbtmc


def transfer(id, tag, content, attributes=1):
    out = bytes([id, tag, 255 - tag, 0]) + struct.pack("<IB3x", len(content), attributes) + content
    return out + b"\0" * (-len(content) % 4)


well, as_it_is, late, stalled = range(4)
greeting = bytes([well]) + b"\1" + bytes(23) + bytes([well, 1]) + bytes([well, 1, 0])
write(
    "usbtmc",
    channel_reads=b"\0" + greeting + bytes([0]) + part(b"*IDN?\n") + bytes([well, 2]) + struct.pack("<H", 64)
    + bytes([well, well]) + part(transfer(2, 1, b"maker,model,1,2\n")),
    channel_of_a_device_that_stalls=b"\0" + greeting + bytes([0]) + part(b"*CLS\n") + bytes([stalled, 1, well, 1, well, 1, 0]),
    channel_clears_after_a_late_answer=b"\0" + greeting + bytes([2]) + struct.pack("<H", 16) + bytes([well, late, 1])
    + bytes([well, 1, 1, well]) + part(b"left") + bytes([well, 1, 0, 0, 0, 0, 0, 0]),
    function_is_asked=b"\1" + bytes([0]) + part(transfer(1, 1, b"*IDN?\n")) + bytes([4, 0]) + part(b"a reply\n")
    + bytes([0]) + part(transfer(2, 2, b"")[:4] + struct.pack("<II", 512, 0)) + bytes([2]) + struct.pack("<H", 512),
    function_ends_at_a_character=b"\1" + bytes([0]) + part(transfer(1, 1, b"A?\n")) + bytes([4, 2]) + part(b"one;two\n")
    + bytes([0]) + part(bytes([2, 2, 253, 0]) + struct.pack("<IBB2x", 512, 2, ord(";"))) + bytes([2]) + struct.pack("<H", 512),
    function_is_cleared=b"\1" + bytes([3, 5, 0, 0, 3, 6, 0, 0, 6, 0, 5, 7]),
    function_aborts=b"\1" + bytes([0]) + part(transfer(1, 1, b"x" * 600)[:512]) + bytes([3, 1, 1, 0, 3, 2, 0, 0, 6, 0]),
    pair=b"\2" + bytes([1]) + part(b"CURV?\n") + part(b"#15\n\n\n\n\n") + bytes([2]) + part(b"") + part(b""),
    transfer=b"\3\1" + struct.pack("<I", 64) + transfer(2, 1, b"1.5E3\n"),
    transfer_of_another_tag=b"\3\2" + struct.pack("<I", 64) + transfer(2, 1, b"1.5E3\n"),
    transfer_that_is_too_long=b"\3\1" + struct.pack("<I", 64) + transfer(2, 1, b"")[:4] + b"\xff" * 4 + b"\1\0\0\0",
)

# ---- framed


def message(letters, kind, content=b"", sequence=1):
    return letters + struct.pack("<III", kind, sequence, len(content)) + content


def crc16(bytes_):
    crc = 0xFFFF
    for byte in bytes_:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def atoms_frame(type, sequence, payload):
    body = struct.pack("<BBH", type, sequence, len(payload)) + payload
    return b"\xa5\x5a" + body + struct.pack("<H", crc16(body))


pattern = struct.pack("<HB", 3, 0b101)
identity = struct.pack("<H", 152) + b"maker,model,1,2"
shown = struct.pack("<H", crc16(pattern))
write(
    "framed",
    display_is_described=b"\0" + message(b"SLM1", 1) + message(b"SLM1", 2, b"1272 1024\nmaker\nmodel\n7\n1\n"),
    display_shows=b"\0" + message(b"SLM1", 3, bytes(range(64))) + message(b"SLM1", 4),
    display_refuses=b"\0" + message(b"SLM1", 5, "no: \xe4".encode("latin-1")),
    display_is_cut_off=b"\0" + message(b"SLM1", 3, b"x" * 100)[:50],
    display_is_too_long=b"\0" + b"SLM1" + struct.pack("<III", 3, 1, 2**32 - 1),
    card_is_described=b"\1" + message(b"AUD1", 2, b"48000 4 2 960000\nmaker\nmodel\n7\n1\n"),
    card_is_limited=b"\1" + message(b"AUD1", 3, struct.pack("<3d", 0.5, 0.1, 0.9)),
    card_plays=b"\1" + message(b"AUD1", 5, struct.pack("<I4f", 10, 0, 0.5, -0.5, 0)),
    card_has_a_record=b"\1" + message(b"AUD1", 8, struct.pack("<QI2f", 1 << 40, 0, 0.25, float("nan"))),
    card_has_a_number=b"\1" + message(b"AUD1", 6, struct.pack("<I", 3)) + message(b"AUD1", 9),
    atoms_identity=b"\2noise" + atoms_frame(0x81, 1, identity),
    atoms_shown=b"\2" + atoms_frame(0x82, 1, b"\0\0") + atoms_frame(0x82, 2, shown),
    atoms_framed=b"\3" + b"\x81\1" + part(identity) + b"\x7f\0" + part(b"\xa5\x5a\x82") + b"\x82\2" + part(shown),
    atoms_refused=b"\3" + b"\x8f\1" + part(b"\4the hardware failed") + b"\x8f\2" + part(b"\1"),
)

# ---- data files


def idx(shape, content):
    return struct.pack(">HBB", 0, 8, len(shape)) + b"".join(struct.pack(">I", n) for n in shape) + content


def npy(descr, shape, content, version=1):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape!r}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + content


def archive(compression, entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, content in entries.items():
            file.writestr(zipfile.ZipInfo(name), content, compression)
    return out.getvalue()


images = idx((4, 2, 3), bytes(range(24)))
x = npy("<f4", (4, 2), struct.pack("<8f", *range(8)))
y = npy("<i8", (4,), struct.pack("<4q", 0, 1, 0, 1))
table = b"a,b,class\n1,2.5,x\n-3e2,4,\"y, z\"\r\n5,6,x\n7,8,\"y, z\"\n"
write(
    "data_files",
    images_idx=images,
    images_idx_gz=gzip.compress(images, mtime=0),
    labels_idx=idx((4,), b"\0\1\0\1"),
    two_members_gz=gzip.compress(images[:10], mtime=0) + gzip.compress(images[10:], mtime=0),
    zeros_gz=gzip.compress(idx((10, 100), bytes(1000)), mtime=0),
    floats_npy=x,
    doubles_npy=npy("<f8", (2, 1, 2), struct.pack("<4d", 0, 1.5, -2, 1e300)),
    bytes_npy=npy("|u1", (2, 3, 1), bytes(6), version=2),
    integers_npy=y,
    texts_npy=npy("<U2", (2,), "abcd".encode("utf-32-le")),
    short_texts_npy=npy("|S2", (2, 1), b"abcd"),
    shape_of_too_much_npy=npy("<f8", (2**62, 2**62), b""),
    both_npz=archive(zipfile.ZIP_DEFLATED, {"x.npy": x, "y.npy": y, "x_test.npy": x, "y_test.npy": y}),
    stored_npz=archive(zipfile.ZIP_STORED, {"x.npy": x, "y.npy": y}),
    table_csv=table,
    table_csv_gz=gzip.compress(b"\xef\xbb\xbf" + table, mtime=0),
    numbers_csv=b"1,2,3\n4;5\n",
    quote_csv=b'a,"b\nc",class\n1,2,x\n3,"4"5,y\n',
    levels=" ".join(map(str, range(255, -1, -1))).encode(),
)

# ---- bundles

spec = b'{"name": "vowels", "seed": "7", "layers": [{"rig": "r", "width": 20, "skip": true}]}'


def manifest(**files):
    named = [
        {
            "name": name + ".json",
            "what": "a file",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in files.items()
    ]
    out = {"format": "phyll bundle 1", "run": 12, "phylld": "0.1.0", "kernel_level": "x86-64-v3"}
    out |= {"cpu_model": "one", "weights_sha256": "", "files": named}
    return json.dumps(out).encode()


write(
    "bundle",
    whole=b"\0" + archive(zipfile.ZIP_DEFLATED, {"manifest.json": manifest(spec=spec), "spec.json": spec}),
    with_a_file_too_much=b"\0" + archive(zipfile.ZIP_STORED, {"manifest.json": manifest(), "spec.json": spec}),
    manifest=b"\1" + manifest(spec=spec),
    manifest_of_a_newer_format=b"\1" + manifest().replace(b"bundle 1", b"bundle 9"),
    manifest_that_leads_out=b"\1" + manifest(spec=spec).replace(b"spec.json", b"../spec.json"),
    spec=b"\2" + spec,
    spec_with_options=b"\2" + b'{"scheme": {"kind": "phyll", "options": {"@type": "type.googleapis.com/phyll.v1.PhyllOptions"}}}',
    conditions=b"\3" + b'{"version": "0.1.0", "rigs": [{"rig": "r", "era": "3", "age": "1000"}]}',
    result=b"\4" + b'{"test_accuracy": 0.9, "layers": [{"layer": 1}], "remarks": ["\\u00e9"], "hardware_joules": 1e-3}',
)

# ---- journals


def text(content):
    content = content.encode()
    out = struct.pack("<I", len(content)) + content
    return out + b"\0" * (-len(out) % 8)


def storage(kind, scale=1.0, offset=0.0):
    return struct.pack("<IIdd", kind, 0, scale, offset)


BITS, U8, U16, FLOAT32 = range(4)


class Journal:
    def __init__(self, *rigs):
        body = bytes(32) + struct.pack("<II", len(rigs), 0) + text("12") + text("x86-64-v3")
        for name, n_in, n_out, stimuli, responses in rigs:
            body += text(name) + text("echo") + struct.pack("<II", n_in, n_out) + stimuli + responses
        length = 24 + len(body) + 8
        out = b"PHYLLJRN" + struct.pack("<IIQ", 1, length, 7) + body + bytes(4)
        self.checksum = zlib.crc32(out)
        self.bytes = out + struct.pack("<I", self.checksum)

    def add(self, type, body=b""):
        body += b"\0" * (-len(body) % 8)
        head = struct.pack("<QIIQ", len(self.bytes), 32 + len(body), type, 0)
        tail = struct.pack("<I", zlib.crc32(body, self.checksum))
        head += struct.pack("<I", zlib.crc32(tail, zlib.crc32(head, self.checksum))) + tail
        self.bytes += head + body
        return self

    def facts(self, number, samples, stimuli, responses, times=0, purpose=0):
        body = struct.pack("<IIQQIIII", 0, purpose, 99, number, samples, 0, 1, times)
        body += b"".join(bytes([i]) * 16 for i in range(samples)) + struct.pack("<qq", 1, 2) * times
        return self.add(1, body + stimuli + b"\0" * (-len(stimuli) % 8) + responses)


def small():
    return Journal(("r", 2, 1, storage(FLOAT32), storage(FLOAT32)))


two = small().facts(0, 2, struct.pack("<4f", 0, 1, 1, 0), struct.pack("<2f", 3, 4), times=2)
levels = Journal(
    ("bits", 12, 3, storage(BITS), storage(U16, 0.5, -1)),
    ("eight", 5, 2, storage(U8, 1 / 255), storage(FLOAT32)),
)
write(
    "journal",
    header_alone=small().bytes,
    facts=two.bytes,
    facts_twice=two.facts(1, 1, bytes(8), bytes(4), times=1, purpose=2).facts(1, 2, bytes(16), bytes(8)).bytes,
    levels=levels.facts(5, 2, b"\x0f\x0f\xf0\0", bytes(12)).bytes,
    raw=small().add(2, struct.pack("<IIQIIQ", 0, 1, 3, 8, 1, 5) + b"u8 trace" + b"12345").bytes,
    mark=small().add(3, struct.pack("<IIQIIdq", 1, 0, 9, 2, 5, 0.5, 123) + b"moved").bytes,
    origins=small().add(5, struct.pack("<IIQII", 0, 0, 4, 2, 1) + struct.pack("<4I", 0, 1, 1, 2**32 - 1)).bytes,
    closed_and_gone_on=small().add(4).add(3, struct.pack("<IIQIIdq", 3, 2**32 - 1, 0, 0, 0, 0, 0)).bytes,
    torn=small().facts(0, 1, bytes(8), bytes(4)).bytes[:-9],
    last_numbers=small().facts(2**64 - 1, 1, bytes(8), bytes(4)).facts(2**64 - 2, 2, bytes(16), bytes(8)).bytes,
    no_journal=b"PHYLLJRN and then something else, that is long enough for a header to be looked for",
)
