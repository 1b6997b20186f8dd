"""Settings of LocalStack's users that change what is on the wire, and what a start says of those that change nothing."""

import urllib.error
import urllib.request

import botocore.exceptions
import pytest

import support


@pytest.fixture
def started(tmp_path, monkeypatch):
    servers = []

    def start(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        servers.append(support.Cloche(tmp_path / f"data{len(servers)}").start())
        return servers[-1]

    yield start
    for server in servers:
        assert server.stop() == 0


def headers_for(server, origin):
    request = urllib.request.Request(server.endpoint + "/", headers={"Origin": origin})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers


def test_pages_of_elsewhere_are_refused_unless_checks_are_off(started):
    assert headers_for(started(), "https://evil.test")[0] == 403
    status, headers = headers_for(started(DISABLE_CORS_CHECKS="1"), "https://evil.test")
    assert status == 200 and headers["Access-Control-Allow-Origin"] == "https://evil.test"


def test_cors_headers_can_be_switched_off(started):
    assert headers_for(started(), "http://localhost:3000")[1]["Access-Control-Allow-Origin"] == "http://localhost:3000"
    status, headers = headers_for(started(DISABLE_CORS_HEADERS="1"), "http://localhost:3000")
    assert status == 200 and not [name for name in headers if name.lower().startswith("access-control-")]


def arn(server, **arguments):
    dynamodb = support.client("dynamodb", server.endpoint, **arguments)
    dynamodb.create_table(TableName="arns", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}])
    return dynamodb.describe_table(TableName="arns")["Table"]["TableArn"].split(":")[3:5]


# The key's account follows from LocalStack's aws/accounts.py: 2 * (base32(key[4:12]) - 2^39), and 1 where key[12] is Q or later.
def test_regions_and_keys_of_aws(started):
    odd = {"region_name": "moon-1", "aws_access_key_id": "AKIAQAAAAAAB22222222"}
    assert arn(started(), **odd) == ["us-east-1", "000000000000"]
    region, account = arn(started(ALLOW_NONSTANDARD_REGIONS="1", PARITY_AWS_ACCESS_KEY_ID="1"), **odd)
    assert region == "moon-1" and account == "000000000003"


def test_a_start_says_what_has_no_effect(started):
    server = started(DYNAMODB_SHARE_DB="1", SERVICES="s3,sqs")
    said = "".join(server.output)
    assert "DYNAMODB_SHARE_DB is accepted and changes nothing in this release" in said
    assert "SERVICES names sqs, which this release does not have" in said
    with pytest.raises(botocore.exceptions.ClientError, match="started with"):
        support.client("dynamodb", server.endpoint).list_tables()
