"""boto3's transfer manager: large bodies in parts, up and down, several at a time."""

import concurrent.futures
import hashlib
import os

import boto3.s3.transfer
import botocore.exceptions
import pytest

import support

MIB = 1 << 20
PARTS_OF_8_MIB = boto3.s3.transfer.TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, max_concurrency=8)


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A file of 64 MiB of chance, so that parts that change places are noticed."""
    path = tmp_path_factory.mktemp("big") / "64MiB"
    path.write_bytes(os.urandom(64 * MIB))
    return path


def etag_of_parts(body, part_bytes):
    """How S3 makes the ETag of a multipart object: the MD5 of its parts' MD5s, and their number."""
    digests = [hashlib.md5(body[start:start + part_bytes]).digest() for start in range(0, len(body), part_bytes)]
    return f'"{hashlib.md5(b"".join(digests)).hexdigest()}-{len(digests)}"'


def test_64_mib_go_up_and_come_back(s3, bucket, big, tmp_path):
    seen = []
    s3.upload_file(str(big), bucket, "big", Config=PARTS_OF_8_MIB, Callback=seen.append,
                   ExtraArgs={"Metadata": {"from": "boto3"}, "ContentType": "application/x-chance"})
    assert sum(seen) == 64 * MIB
    head = s3.head_object(Bucket=bucket, Key="big")
    body = big.read_bytes()
    assert head["ETag"] == etag_of_parts(body, 8 * MIB) and head["ETag"].endswith('-8"')
    assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (64 * MIB, "application/x-chance", {"from": "boto3"})
    back = tmp_path / "back"
    s3.download_file(bucket, "big", str(back), Config=PARTS_OF_8_MIB)
    assert hashlib.sha256(back.read_bytes()).digest() == hashlib.sha256(body).digest()


def test_ranges_read_side_by_side_are_the_whole(s3, bucket, big):
    s3.upload_file(str(big), bucket, "big", Config=PARTS_OF_8_MIB)
    body = big.read_bytes()
    # Not the parts' own size: ranges that begin and end within parts.
    step = 5 * MIB + 12_345
    ranges = [(start, min(start + step, len(body)) - 1) for start in range(0, len(body), step)]

    def read(first_last):
        first, last = first_last
        got = s3.get_object(Bucket=bucket, Key="big", Range=f"bytes={first}-{last}")
        assert got["ContentRange"] == f"bytes {first}-{last}/{len(body)}"
        return got["Body"].read()

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert hashlib.sha256(b"".join(threads.map(read, ranges))).digest() == hashlib.sha256(body).digest()
    assert [s3.head_object(Bucket=bucket, Key="big", PartNumber=number)["ContentLength"] for number in (1, 8)] == [8 * MIB, 8 * MIB]


def test_file_objects_of_unknown_length(s3, bucket, big):
    """upload_fileobj reads a pipe until it ends; the last part is shorter."""
    length = 21 * MIB + 7
    body = big.read_bytes()[:length]
    reading, writing = os.pipe()
    with concurrent.futures.ThreadPoolExecutor(1) as threads, os.fdopen(reading, "rb") as pipe:
        def write():
            with os.fdopen(writing, "wb") as out:
                out.write(body)
        written = threads.submit(write)
        s3.upload_fileobj(pipe, bucket, "piped", Config=PARTS_OF_8_MIB)
        written.result()
    head = s3.head_object(Bucket=bucket, Key="piped")
    assert (head["ContentLength"], head["ETag"]) == (length, etag_of_parts(body, 8 * MIB))


def test_copies_in_parts(s3, bucket, big):
    """The transfer manager's copy(): UploadPartCopy above its threshold."""
    s3.upload_file(str(big), bucket, "big", Config=PARTS_OF_8_MIB)
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copied", Config=boto3.s3.transfer.TransferConfig(multipart_threshold=MIB, multipart_chunksize=16 * MIB))
    head = s3.head_object(Bucket=bucket, Key="copied")
    assert head["ETag"] == etag_of_parts(big.read_bytes(), 16 * MIB)
    assert hashlib.sha256(s3.get_object(Bucket=bucket, Key="copied")["Body"].read()).digest() == hashlib.sha256(big.read_bytes()).digest()


def test_an_upload_that_fails_leaves_nothing(s3, bucket):
    """What the transfer manager can't finish it aborts."""

    class Breaks:
        def __init__(self):
            self.left = 20 * MIB

        def read(self, size=-1):
            if self.left <= 0:
                raise OSError("the disk is gone")
            self.left -= size
            return bytes(size)

    with pytest.raises(OSError, match="the disk is gone"):
        s3.upload_fileobj(Breaks(), bucket, "broken", Config=PARTS_OF_8_MIB)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_signatures_are_checked(endpoint):
    """All clients here are asked by a server that checks them (conftest.py)."""
    stranger = support.client("s3", endpoint, aws_secret_access_key="wrong")
    with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
        stranger.list_buckets()


def test_the_resource_layer(endpoint, bucket, big, tmp_path):
    """The same through boto3.resource. Not through boto3's transfer client in C: it knows no endpoint but AWS's own."""
    resource = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    whole = resource.Bucket(bucket)
    whole.upload_file(str(big), "big", Config=PARTS_OF_8_MIB)
    whole.download_file("big", str(tmp_path / "back"), Config=PARTS_OF_8_MIB)
    assert (tmp_path / "back").read_bytes() == big.read_bytes()
    assert [(row.key, row.size) for row in whole.objects.filter(Prefix="b")] == [("big", 64 * MIB)]
    assert whole.objects.all().delete()[0]["Deleted"] == [{"Key": "big"}]
