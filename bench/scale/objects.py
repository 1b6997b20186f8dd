"""An object of 5 GiB up by a single PUT and by parts, copied, and down again: how much memory the server takes for it."""

import hashlib
import http.client
import os
import time
import urllib.parse

import boto3.s3.transfer

from common import note, server, support

MIB = 1 << 20
MEMORY_MIB_MAX = 100  # What is promised (docs/reliability.md).


def add_arguments(parser):
    parser.add_argument("--mib", type=int, default=5 * 1024)


class Content:
    """A file of chance that nobody keeps: MiB after MiB the same bytes with another number in front."""

    def __init__(self, mib):
        self.block = os.urandom(MIB - 8)
        self.mib = mib
        self.sha256 = hashlib.sha256()
        self.blocks = self.pieces()
        self.rest = b""

    def pieces(self):
        for number in range(self.mib):
            piece = number.to_bytes(8, "big") + self.block
            self.sha256.update(piece)
            yield piece

    def read(self, size):
        """For the transfer manager."""
        parts, missing = [], size
        while missing > 0:
            if not self.rest and not (piece := next(self.blocks, b"")):
                break
            self.rest = self.rest or piece
            parts.append(self.rest[:missing])
            self.rest = self.rest[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)


def put(s3, mib, key):
    content = Content(mib)
    url = urllib.parse.urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": "big", "Key": key}, ExpiresIn=3600))
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("PUT", f"{url.path}?{url.query}", body=content.pieces(), headers={"Content-Length": str(mib * MIB)})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    return content.sha256.digest()


def upload(s3, mib, key):
    content = Content(mib)
    parts = boto3.s3.transfer.TransferConfig(multipart_threshold=64 * MIB, multipart_chunksize=64 * MIB, max_concurrency=4)
    s3.upload_fileobj(content, "big", key, Config=parts)
    return content.sha256.digest()


def download(s3, key):
    digest = hashlib.sha256()
    for piece in s3.get_object(Bucket="big", Key=key)["Body"].iter_chunks(4 * MIB):
        digest.update(piece)
    return digest.digest()


def run(options):
    rows = []
    with server() as cloche:
        s3 = support.client("s3", cloche.endpoint, config={"s3": {"addressing_style": "path"}, "read_timeout": 600})
        s3.create_bucket(Bucket="big")

        def step(name, work):
            cloche.forget_peak()
            began = time.monotonic()
            result = work()
            rows.append((name, options.mib / (time.monotonic() - began), cloche.memory_mib()[2]))
            note(f"{name}: {rows[-1][1]:,.0f} MiB/s, at most {rows[-1][2]:.0f} MiB resident")
            return result

        for kind, send in (("single PUT", put), ("multipart, 64 MiB a part, four at a time", upload)):
            sent = step(kind, lambda: send(s3, options.mib, "k"))
            assert step("GET of it", lambda: download(s3, "k")) == sent, "what came back is not what was sent"
            s3.delete_object(Bucket="big", Key="k")
        upload(s3, options.mib, "source")
        step("copy by parts of 512 MiB", lambda: s3.copy({"Bucket": "big", "Key": "source"}, "big", "copy", Config=boto3.s3.transfer.TransferConfig(
            multipart_threshold=512 * MIB, multipart_chunksize=512 * MIB)))
    print(f"| an object of {options.mib:,} MiB | MiB/s | most resident memory, MiB |")
    print("|---|---|---|")
    for name, rate, memory in rows:
        print(f"| {name} | {rate:,.0f} | {memory:.0f} |")
    if (most := max(memory for _, _, memory in rows)) > MEMORY_MIB_MAX:
        raise SystemExit(f"{most:.0f} MiB are more than {MEMORY_MIB_MAX}")
