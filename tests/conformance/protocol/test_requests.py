"""What clients do on the wire beside calling operations: presigned URLs, virtual hosts, accounts by key, TLS on the same port."""

import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config


def client(endpoint, service, key="test", **more):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key="test", **more)


def fetch(url, method="GET", data=None, headers=None):
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


# A link made by any SDK must work from any HTTP client, for upload and download, until it expires.
@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls(endpoint, version):
    s3 = client(endpoint, "s3", config=Config(signature_version=version, s3={"addressing_style": "path"}))
    bucket = f"presigned-{version}-{time.time_ns()}"
    s3.create_bucket(Bucket=bucket)
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a b+c/ü"}, ExpiresIn=60)
    assert fetch(put, "PUT", b"hello")[0] == 200
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b+c/ü"}, ExpiresIn=60)
    assert fetch(get) == (200, b"hello")
    expired = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b+c/ü"}, ExpiresIn=-5 if version == "s3" else 1)
    if version == "s3v4":
        time.sleep(2.1)
    status, body = fetch(expired)
    assert status == 403 and b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in body


# docs/compatibility.md.
def test_virtual_hosts(endpoint):
    s3 = client(endpoint, "s3", config=Config(s3={"addressing_style": "path"}))
    bucket = f"virtual-{time.time_ns()}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k/l", Body=b"hello")
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k/l"})
    for host in (f"{bucket}.s3.localhost.localstack.cloud:4566", f"{bucket}.s3.us-east-1.amazonaws.com", f"{bucket}.s3.localhost"):
        status, body = fetch(f"{endpoint}/k/l?{signed.split('?')[1]}", headers={"Host": host})
        assert (status, body) == (200, b"hello"), host


# docs/compatibility.md: a key of 12 digits is the account.
def test_a_key_of_twelve_digits_is_the_account(endpoint):
    for service in ("dynamodb",):
        name = f"mine-{time.time_ns()}"
        client(endpoint, service, key="111111111111").create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}])
        arn = client(endpoint, service, key="111111111111").describe_table(TableName=name)["Table"]["TableArn"]
        assert arn.split(":")[4] == "111111111111"
        assert name not in client(endpoint, service).list_tables()["TableNames"]


def test_https_on_the_same_port(endpoint):
    s3 = client(endpoint.replace("http://", "https://"), "s3", verify=False, config=Config(s3={"addressing_style": "path"}))
    bucket = f"tls-{time.time_ns()}"
    s3.create_bucket(Bucket=bucket)
    body = bytes(range(256)) * 10_000
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
