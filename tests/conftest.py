"""What all tests share: a running Cloche (or the endpoint in CLOCHE_ENDPOINT, so that real AWS or a peer could be the judge), clients,
and names that nobody else uses."""

import os
import uuid

import pytest

import support


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    if given := os.environ.get("CLOCHE_ENDPOINT"):
        yield given
        return
    server = support.Cloche(tmp_path_factory.mktemp("cloche") / "data").start()
    yield server.endpoint
    assert server.stop() == 0, "".join(server.output)
    status, report = server.doctor()
    assert status == 0, report


@pytest.fixture(scope="session")
def s3(endpoint):
    return support.client("s3", endpoint, config={"s3": {"addressing_style": "path"}})


@pytest.fixture(scope="session")
def dynamodb(endpoint):
    return support.client("dynamodb", endpoint)


@pytest.fixture
def bucket(s3):
    """An empty bucket, gone with all that is in it after the test."""
    name = "test-" + uuid.uuid4().hex[:16]
    s3.create_bucket(Bucket=name)
    yield name
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for row in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=name, Key=row["Key"], VersionId=row["VersionId"])
    s3.delete_bucket(Bucket=name)
