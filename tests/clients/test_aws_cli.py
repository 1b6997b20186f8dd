"""The aws cli, as the README shows it."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

AWS = pathlib.Path(sys.executable).parent / "aws"


@pytest.fixture
def aws(endpoint, tmp_path):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
                   "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}

    def run(*arguments):
        done = subprocess.run([AWS, "--endpoint-url", endpoint, *arguments], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_s3_commands(aws, tmp_path):
    aws("s3", "mb", "s3://cli-bucket")
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "a.txt").write_text("a")
    (tmp_path / "tree" / "sub" / "b ö.txt").write_text("b")
    # Above the cli's multipart threshold of 8 MiB.
    (tmp_path / "big.bin").write_bytes(os.urandom(20 * 1024 * 1024 + 5))
    aws("s3", "cp", "big.bin", "s3://cli-bucket/big.bin")
    aws("s3", "cp", "s3://cli-bucket/big.bin", "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == (tmp_path / "big.bin").read_bytes()
    aws("s3", "cp", "s3://cli-bucket/big.bin", "s3://cli-bucket/copied.bin")
    aws("s3", "sync", "tree", "s3://cli-bucket/tree")
    assert aws("s3", "sync", "tree", "s3://cli-bucket/tree") == ""
    aws("s3", "sync", "s3://cli-bucket/tree", "down")
    assert (tmp_path / "down" / "sub" / "b ö.txt").read_text() == "b"
    assert "PRE tree/" in aws("s3", "ls", "s3://cli-bucket")
    assert "b ö.txt" in aws("s3", "ls", "--recursive", "s3://cli-bucket/tree/")
    aws("s3", "mv", "s3://cli-bucket/tree/a.txt", "s3://cli-bucket/moved.txt")
    aws("s3", "rm", "--recursive", "s3://cli-bucket")
    aws("s3", "rb", "s3://cli-bucket")


def test_dynamodb_commands(aws):
    aws("dynamodb", "create-table", "--table-name", "cli-music", "--billing-mode", "PAY_PER_REQUEST",
        "--attribute-definitions", "AttributeName=Artist,AttributeType=S", "AttributeName=Song,AttributeType=S",
        "--key-schema", "AttributeName=Artist,KeyType=HASH", "AttributeName=Song,KeyType=RANGE")
    aws("dynamodb", "wait", "table-exists", "--table-name", "cli-music")
    for song, year in [("One", 1992), ("Two", 2001)]:
        aws("dynamodb", "put-item", "--table-name", "cli-music", "--item",
            json.dumps({"Artist": {"S": "U"}, "Song": {"S": song}, "Year": {"N": str(year)}}))
    got = json.loads(aws("dynamodb", "get-item", "--table-name", "cli-music", "--key", '{"Artist":{"S":"U"},"Song":{"S":"One"}}'))
    assert got["Item"]["Year"] == {"N": "1992"}
    found = json.loads(aws("dynamodb", "query", "--table-name", "cli-music", "--key-condition-expression", "Artist = :a",
                           "--expression-attribute-values", '{":a":{"S":"U"}}'))
    assert found["Count"] == 2
    aws("dynamodb", "delete-table", "--table-name", "cli-music")
