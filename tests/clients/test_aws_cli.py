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


def test_dynamodb_from_files_and_pages(aws, tmp_path):
    """Input from JSON files, waiters, the cli's own pages, transactions and PartiQL."""
    table = {"TableName": "cli-files", "BillingMode": "PAY_PER_REQUEST",
             "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in (("pk", "S"), ("sk", "N"), ("owner", "S"))],
             "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}], "Tags": [{"Key": "team", "Value": "glass"}],
             "LocalSecondaryIndexes": [{"IndexName": "by-owner", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "owner", "KeyType": "RANGE"}],
                                        "Projection": {"ProjectionType": "KEYS_ONLY"}}]}
    (tmp_path / "table.json").write_text(json.dumps(table))
    assert "BillingMode" in json.loads(aws("dynamodb", "create-table", "--generate-cli-skeleton"))
    aws("dynamodb", "create-table", "--cli-input-json", "file://table.json")
    aws("dynamodb", "wait", "table-exists", "--table-name", "cli-files")
    assert aws("dynamodb", "describe-table", "--table-name", "cli-files", "--query", "Table.[TableStatus,LocalSecondaryIndexes[0].IndexName]", "--output", "text").split() == [
        "ACTIVE", "by-owner"]
    for start in (0, 20):
        (tmp_path / "batch.json").write_text(json.dumps({"cli-files": [{"PutRequest": {"Item": {
            "pk": {"S": "p"}, "sk": {"N": str(number)}, "owner": {"S": f"o{number % 3}"}, "raw": {"B": "AAEC"}, "deep": {"M": {"l": {"L": [{"NULL": True}, {"BOOL": False}]}}}}}}
            for number in range(start, start + 20)]}))
        assert json.loads(aws("dynamodb", "batch-write-item", "--request-items", "file://batch.json"))["UnprocessedItems"] == {}
    seen = json.loads(aws("dynamodb", "query", "--table-name", "cli-files", "--key-condition-expression", "pk = :p AND sk < :n", "--expression-attribute-values",
                          '{":p":{"S":"p"},":n":{"N":"30"}}', "--page-size", "7", "--projection-expression", "sk", "--no-scan-index-forward"))
    assert [int(item["sk"]["N"]) for item in seen["Items"]] == list(range(29, -1, -1))
    first = json.loads(aws("dynamodb", "scan", "--table-name", "cli-files", "--max-items", "15", "--page-size", "10"))
    rest = json.loads(aws("dynamodb", "scan", "--table-name", "cli-files", "--starting-token", first["NextToken"]))
    assert sorted(int(item["sk"]["N"]) for item in first["Items"] + rest["Items"]) == list(range(40))
    assert aws("dynamodb", "query", "--table-name", "cli-files", "--index-name", "by-owner", "--key-condition-expression", "pk = :p AND #o = :o", "--expression-attribute-names",
               '{"#o":"owner"}', "--expression-attribute-values", '{":p":{"S":"p"},":o":{"S":"o1"}}', "--select", "COUNT", "--query", "Count", "--output", "text").strip() == "13"
    updated = json.loads(aws("dynamodb", "update-item", "--table-name", "cli-files", "--key", '{"pk":{"S":"p"},"sk":{"N":"1"}}', "--update-expression", "SET deep.l[0] = :v ADD n :one",
                             "--expression-attribute-values", '{":v":{"S":"x"},":one":{"N":"1"}}', "--return-values", "UPDATED_NEW", "--return-consumed-capacity", "INDEXES"))
    assert updated["Attributes"] == {"deep": {"M": {"l": {"L": [{"S": "x"}]}}}, "n": {"N": "1"}} and updated["ConsumedCapacity"]["Table"]["CapacityUnits"] == 1.0
    (tmp_path / "tx.json").write_text(json.dumps([{"Put": {"TableName": "cli-files", "Item": {"pk": {"S": "t"}, "sk": {"N": "1"}}}},
                                                  {"Delete": {"TableName": "cli-files", "Key": {"pk": {"S": "p"}, "sk": {"N": "2"}}}}]))
    aws("dynamodb", "transact-write-items", "--transact-items", "file://tx.json")
    assert aws("dynamodb", "execute-statement", "--statement", "SELECT sk FROM \"cli-files\" WHERE pk = 't'", "--query", "Items[].sk.N", "--output", "text").strip() == "1"
    aws("dynamodb", "update-time-to-live", "--table-name", "cli-files", "--time-to-live-specification", "Enabled=true,AttributeName=expires")
    arn = aws("dynamodb", "describe-table", "--table-name", "cli-files", "--query", "Table.TableArn", "--output", "text").strip()
    assert json.loads(aws("dynamodb", "list-tags-of-resource", "--resource-arn", arn))["Tags"] == [{"Key": "team", "Value": "glass"}]
    aws("dynamodb", "delete-table", "--table-name", "cli-files")
    aws("dynamodb", "wait", "table-not-exists", "--table-name", "cli-files")
