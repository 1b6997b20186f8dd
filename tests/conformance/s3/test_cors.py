"""CORS rules of buckets: preflights and actual requests. Codes, texts and headers: recordings of AWS, 2023 to 2025."""

import http.client
import urllib.parse
import xml.etree.ElementTree

import botocore.exceptions
import pytest

VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
NOT_ALLOWED = ("CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
               "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")


def ask(endpoint, method, path, body=None, **headers):
    """(status, the answer's headers that speak of origins, its error as a dict)"""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc, timeout=10)
    connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    told = {name: value for name, value in response.getheaders() if name.startswith("Access-Control-") or name == "Vary"}
    error = {}
    if response.status >= 400 and body:
        error = {child.tag: child.text for child in xml.etree.ElementTree.fromstring(body) if child.tag not in ("RequestId", "HostId")}
    return response.status, told, error


def preflight(endpoint, path, origin, method, headers=None):
    more = {"Access_Control_Request_Headers": headers} if headers else {}
    return ask(endpoint, "OPTIONS", path, Origin=origin, Access_Control_Request_Method=method, **more)


def put_rules(s3, bucket, *rules):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules)})


def error_of(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    return caught.value.response["Error"]


def test_put_get_delete(s3, bucket):
    missing = error_of(s3.get_bucket_cors, Bucket=bucket)
    assert (missing["Code"], missing["Message"], missing["BucketName"]) == (
        "NoSuchCORSConfiguration", "The CORS configuration does not exist", bucket)
    rules = [{"ID": "one", "AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["http://a:80", ""], "AllowedHeaders": ["X-amz-*"],
              "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 0}, {"AllowedMethods": ["HEAD"], "AllowedOrigins": ["*"]}]
    put_rules(s3, bucket, *rules)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    for _ in range(2):
        assert s3.delete_bucket_cors(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert error_of(s3.get_bucket_cors, Bucket=bucket)["Code"] == "NoSuchCORSConfiguration"


@pytest.mark.parametrize("rule, expected", [
    (None, ("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")),
    ({"AllowedOrigins": ["*"]}, ("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")),
    ({"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "OPTIONS"]},
     ("InvalidRequest", "Found unsupported HTTP method in CORS config. Unsupported method is OPTIONS")),
    ({"AllowedOrigins": ["*a*"], "AllowedMethods": ["GET"]}, ("InvalidRequest", 'AllowedOrigin "*a*" can not have more than one wildcard.')),
    ({"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "AllowedHeaders": ["**"]},
     ("InvalidRequest", 'AllowedHeader "**" can not have more than one wildcard.')),
    ({"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "ExposeHeaders": ["*"]},
     ("InvalidRequest", 'ExposeHeader "*" contains wildcard. We currently do not support wildcard for ExposeHeader.')),
])
def test_what_a_rule_may_be(s3, bucket, rule, expected):
    refused = error_of(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [rule] if rule else []})
    assert (refused["Code"], refused["Message"]) == expected


def test_preflights(s3, bucket, endpoint):
    put_rules(s3, bucket, {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://localhost:4200"], "MaxAgeSeconds": 3000,
                           "AllowedHeaders": ["x-amz-expected-bucket-owner", "X-AMZ-server-*"]})
    expected = {"Access-Control-Allow-Origin": "https://localhost:4200", "Access-Control-Allow-Methods": "GET, PUT",
                "Access-Control-Max-Age": "3000", "Access-Control-Allow-Credentials": "true", "Vary": VARY}
    assert preflight(endpoint, f"/{bucket}/k", "https://localhost:4200", "PUT") == (200, expected, {})
    assert preflight(endpoint, f"/{bucket}/k", "https://localhost:4200", "GET", "x-AMZ-expected-BUCKET-owner,x-amz-server-side-encryption") == (
        200, {**expected, "Access-Control-Allow-Headers": "x-amz-expected-bucket-owner, x-amz-server-side-encryption"}, {})
    # Local pages have no privilege where there are rules.
    for path, resource in ((f"/{bucket}/k", "OBJECT"), (f"/{bucket}", "BUCKET"), (f"/{bucket}/", "BUCKET")):
        assert preflight(endpoint, path, "http://localhost:4200", "PUT") == (
            403, {}, {"Code": "AccessForbidden", "Message": NOT_ALLOWED, "Method": "PUT", "ResourceType": resource})
    assert preflight(endpoint, f"/{bucket}/k", "https://localhost:4200", "DELETE")[0] == 403
    assert preflight(endpoint, f"/{bucket}/k", "https://localhost:4200", "GET", "x-amz-request-payer")[0] == 403
    assert ask(endpoint, "OPTIONS", f"/{bucket}/k") == (
        400, {}, {"Code": "BadRequest", "Message": "Insufficient information. Origin request header needed."})
    assert ask(endpoint, "OPTIONS", f"/{bucket}/k", Origin="https://localhost:4200")[0] == 400


def test_preflights_without_rules(bucket, endpoint):
    assert preflight(endpoint, f"/{bucket}/k", "whatever", "PUT") == (
        403, {}, {"Code": "AccessForbidden", "Message": "CORSResponse: CORS is not enabled for this bucket.", "Method": "PUT", "ResourceType": "BUCKET"})
    assert ask(endpoint, "OPTIONS", f"/{bucket}/k", Origin="whatever")[2]["Method"] == "OPTIONS"
    assert preflight(endpoint, f"/{bucket}-none/k", "whatever", "PUT")[2]["Message"] == "CORSResponse: Bucket not found"


def test_actual_requests(s3, bucket, endpoint):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    put_rules(s3, bucket, {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["x-amz-id-2", "ETag"]})
    expected = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET",
                "Access-Control-Expose-Headers": "x-amz-id-2, ETag", "Vary": VARY}
    assert ask(endpoint, "GET", f"/{bucket}/k", Origin="http://any") == (200, expected, {})
    assert ask(endpoint, "GET", f"/{bucket}/none", Origin="http://any")[:2] == (404, expected)
    assert ask(endpoint, "GET", f"/{bucket}/k")[:2] == (200, {})
    # What the rules don't allow is done all the same, but a page may not read the answer.
    assert ask(endpoint, "PUT", f"/{bucket}/k", b"y", Origin="http://any")[:2] == (200, {})
    assert ask(endpoint, "GET", f"/{bucket}/k", Origin="http://any", Access_Control_Request_Method="PUT")[:2] == (200, {})
    assert ask(endpoint, "GET", f"/{bucket}/k", Origin="http://any", Access_Control_Request_Headers="x-amz-date")[:2] == (200, {})


def test_without_rules_pages_elsewhere_learn_nothing(s3, bucket, endpoint):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert ask(endpoint, "GET", f"/{bucket}/k", Origin="https://evil.example") == (200, {}, {})
    # Cloche's own: pages of this machine may, and the list of buckets is nobody else's.
    assert ask(endpoint, "GET", f"/{bucket}/k", Origin="http://localhost:3000")[1]["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert preflight(endpoint, f"/{bucket}/k", "http://localhost:3000", "PUT")[1]["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert ask(endpoint, "GET", "/", Origin="https://evil.example")[0] == 403


def test_a_form_of_a_page_elsewhere_changes_nothing(s3, bucket, endpoint):
    """A form can be posted without asking first, and a Cloche that takes any credentials would obey it."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    delete = b"<Delete><Object><Key>k</Key></Object></Delete>"
    assert ask(endpoint, "POST", f"/{bucket}?delete", delete, Origin="https://evil.example", Content_Type="text/plain")[0] == 403
    put_rules(s3, bucket, {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]})
    assert ask(endpoint, "POST", f"/{bucket}?delete", delete, Origin="https://evil.example", Content_Type="text/plain")[0] == 403
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
