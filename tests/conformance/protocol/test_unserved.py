"""Services that Cloche has not built: a client of any protocol learns by name what is missing, and nothing is taken for S3's."""

import http.client
import json

import botocore.exceptions
import pytest

import support


# One of every protocol: query, json, json of several protocols, rest-json, rest-xml, ec2, rpc-v2-cbor, and the two that are signed for
# under the name of another service.
@pytest.mark.parametrize("service, call, arguments, missing", [
    ("sts", "get_caller_identity", {}, "sts.GetCallerIdentity"),
    ("iam", "list_users", {}, "iam.ListUsers"),
    ("sns", "list_topics", {}, "sns.ListTopics"),
    ("cloudformation", "list_stacks", {}, "cloudformation.ListStacks"),
    ("ec2", "describe_instances", {}, "ec2.DescribeInstances"),
    ("sqs", "list_queues", {}, "sqs.ListQueues"),
    ("logs", "describe_log_groups", {}, "logs.DescribeLogGroups"),
    ("stepfunctions", "list_state_machines", {}, "stepfunctions.ListStateMachines"),
    ("cloudwatch", "list_metrics", {}, "cloudwatch.ListMetrics"),
    ("lambda", "list_functions", {}, "lambda GET /2015-03-31/functions"),
    ("lambda", "invoke", {"FunctionName": "f", "Payload": b"{}"}, "lambda POST /2015-03-31/functions/f/invocations"),
    ("apigateway", "get_rest_apis", {}, "apigateway GET /restapis"),
    ("route53", "list_hosted_zones", {}, "route53 GET /2013-04-01/hostedzone"),
])
def test_a_client_learns_what_is_missing(endpoint, service, call, arguments, missing):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        getattr(support.client(service, endpoint), call)(**arguments)
    answer = raised.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == ("NotImplemented", f"Cloche does not implement {missing} yet")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501


def send(endpoint, method, path, body=b"", **headers):
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=20)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


FORM = "application/x-www-form-urlencoded; charset=utf-8"
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


# Error shape: AWS STS API Reference, "Common errors"; botocore's parsers.py, QueryParser and EC2QueryParser.
def test_forms_are_answered_as_query_services_do(endpoint):
    status, headers, body = send(endpoint, "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", Content_Type=FORM, Authorization=SIGNED.format("sts"))
    assert status == 501 and headers["Content-Type"] == "text/xml" and headers["x-amzn-RequestId"]
    assert body.startswith(b"<ErrorResponse><Error><Type>Receiver</Type><Code>NotImplemented</Code>"
                           b"<Message>Cloche does not implement sts.GetCallerIdentity yet</Message></Error><RequestId>")
    status, _, body = send(endpoint, "POST", "/", b"Action=DescribeVpcs&Version=2016-11-15", Content_Type=FORM, Authorization=SIGNED.format("ec2"))
    assert status == 501 and b"<Response><Errors><Error><Code>NotImplemented</Code>" in body


def test_unsigned_forms_are_known_by_their_version(endpoint):
    status, _, body = send(endpoint, "POST", "/", b"Action=ListUsers&Version=2010-05-08", Content_Type=FORM)
    assert status == 501 and b"<ErrorResponse>" in body and b"iam.ListUsers" in body
    status, _, body = send(endpoint, "GET", "/?Action=Nonsense&Version=1999-01-01")
    assert status == 501 and b"<ErrorResponse>" in body and b"does not implement Nonsense yet" in body


def test_json_targets_are_answered_in_json(endpoint):
    for target, missing in (("AmazonSQS.ListQueues", "sqs.ListQueues"), ("NoService_20300101.Foo", "Foo"),
                            ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListTrails", "ListTrails")):
        status, headers, body = send(endpoint, "POST", "/", b"{}", X_Amz_Target=target, Content_Type="application/x-amz-json-1.1")
        assert status == 501 and headers["Content-Type"] == "application/x-amz-json-1.1"
        assert json.loads(body) == {"__type": "NotImplemented", "message": f"Cloche does not implement {missing} yet"}


def test_the_host_names_the_service(endpoint):
    for host in ("lambda.us-east-1.amazonaws.com", "lambda.localhost.localstack.cloud", "lambda.us-east-1.localhost.localstack.cloud:4566"):
        status, headers, body = send(endpoint, "GET", "/2015-03-31/functions", Host=host)
        assert status == 501 and headers["x-amzn-ErrorType"] == "NotImplemented", host
        assert json.loads(body)["message"] == "Cloche does not implement lambda GET /2015-03-31/functions yet"


def test_s3_control_is_not_s3(endpoint):
    status, _, body = send(endpoint, "GET", "/v20180820/jobs", x_amz_account_id="000000000000", Authorization=SIGNED.format("s3"))
    assert status == 501 and b"does not implement s3control GET /v20180820/jobs yet" in body


def test_a_service_that_nobody_listed_is_called_as_it_is_signed_for(endpoint):
    status, _, body = send(endpoint, "GET", "/x", Authorization=SIGNED.format("braket"))
    assert status == 501 and json.loads(body)["message"] == "Cloche does not implement braket GET /x yet"


# What S3 is asked for may look like another service's path, form or query.
def test_s3_keeps_what_is_its_own(endpoint, s3, bucket):
    s3.put_object(Bucket=bucket, Key="2015-03-31/functions", Body=b"x")
    for authorization in ({}, {"Authorization": SIGNED.format("s3")}):
        assert send(endpoint, "GET", f"/{bucket}/2015-03-31/functions", **authorization)[2] == b"x"
        assert send(endpoint, "GET", f"/{bucket}/2015-03-31/functions?Action=ListUsers&Version=2010-05-08", **authorization)[2] == b"x"
        status, _, body = send(endpoint, "GET", "/2015-03-31/functions", **authorization)
        assert status == 404 and b"<Code>NoSuchBucket</Code>" in body


def test_a_service_that_was_left_out_is_not_called_missing(tmp_path):
    server = support.Cloche(tmp_path / "data", "--services", "dynamodb").start()
    try:
        with pytest.raises(botocore.exceptions.ClientError, match="s3 is not among those that this Cloche was started with"):
            support.client("s3", server.endpoint).list_buckets()
        assert support.client("dynamodb", server.endpoint).list_tables()["TableNames"] == []
    finally:
        assert server.stop() == 0
