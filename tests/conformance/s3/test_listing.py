"""Listings: every page of every form, against what a plain sorted list says."""

import random

import botocore.exceptions
import pytest

KEYS = sorted(["a", "a/1", "a/2", "a/b/1", "a/b/2", "aa", "b/", "b/x", "c", "ä/1", "ä/2", "z!", "z/1", "z0"], key=lambda key: key.encode())


@pytest.fixture(scope="module")
def filled(s3):
    name = "listing-" + str(random.randrange(10**12))
    s3.create_bucket(Bucket=name)
    for key in KEYS:
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    yield name
    for key in KEYS:
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)


def expected(prefix, delimiter):
    """Keys and rolled-up prefixes in the order that S3 gives them."""
    rows = []
    for key in KEYS:
        if not key.startswith(prefix):
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        row = key if at < 0 else key[: at + len(delimiter)]
        if not rows or rows[-1] != row:
            rows.append(row)
    return rows


def rows_of(page):
    return sorted([row["Key"] for row in page.get("Contents", [])] + [row["Prefix"] for row in page.get("CommonPrefixes", [])], key=lambda row: row.encode())


@pytest.mark.parametrize("delimiter", ["", "/", "b/", "1"])
@pytest.mark.parametrize("prefix", ["", "a", "a/", "b/", "ä", "none", "z"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_of_list_objects_v2(s3, filled, prefix, delimiter, size):
    seen, token = [], {}
    while True:
        page = s3.list_objects_v2(Bucket=filled, Prefix=prefix, Delimiter=delimiter, MaxKeys=size, **token)
        assert page["KeyCount"] == len(rows_of(page)) <= size
        seen += rows_of(page)
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert seen == expected(prefix, delimiter)


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_pages_of_list_objects(s3, filled, delimiter, size):
    seen, marker = [], ""
    while True:
        page = s3.list_objects(Bucket=filled, Delimiter=delimiter, MaxKeys=size, Marker=marker)
        seen += rows_of(page)
        if not page["IsTruncated"]:
            break
        assert ("NextMarker" in page) == bool(delimiter)
        marker = page.get("NextMarker") or page["Contents"][-1]["Key"]
    assert seen == expected("", delimiter)


def test_start_after_owner_and_sizes(s3, filled):
    page = s3.list_objects_v2(Bucket=filled, StartAfter="c", FetchOwner=True)
    assert [row["Key"] for row in page["Contents"]] == [key for key in KEYS if key.encode() > b"c"]
    assert all(row["Owner"]["ID"] and row["StorageClass"] == "STANDARD" for row in page["Contents"])
    assert "Owner" not in s3.list_objects_v2(Bucket=filled)["Contents"][0]
    empty = s3.list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (empty["KeyCount"], empty["IsTruncated"]) == (0, False)


# Recorded on the real service.
@pytest.mark.parametrize("arguments, name", [({"EncodingType": "value"}, "encoding-type"), ({"ContinuationToken": "nonsense"}, "continuation-token")])
def test_bad_arguments_are_named(s3, filled, arguments, name):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.list_objects_v2(Bucket=filled, **arguments)
    error = caught.value.response["Error"]
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", name)
