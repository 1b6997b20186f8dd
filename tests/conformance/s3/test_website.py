"""Websites of buckets. Codes, texts and HTML: recordings of AWS, 2023; "Hosting a static website"."""

import http.client
import re
import urllib.parse

import botocore.exceptions
import pytest


def visit(endpoint, bucket, path, method="GET", body=None, **headers):
    """(status, headers, body with the ids taken out) of a request to the bucket's website."""
    place = urllib.parse.urlsplit(endpoint)
    connection = http.client.HTTPConnection(place.netloc, timeout=10)
    connection.request(method, path, body=body, headers={
        "Host": f"{bucket}.s3-website.localhost:{place.port}", **{name.replace("_", "-"): value for name, value in headers.items()}})
    response = connection.getresponse()
    text = re.sub(r"(RequestId|HostId): [^<]+<", r"\1: ...<", response.read().decode())
    connection.close()
    return response.status, dict(response.getheaders()), text


def html(title, *items, custom=()):
    lines = "".join(f"<li>{item}</li>\n" for item in (*items, "RequestId: ...", "HostId: ..."))
    more = ""
    if custom:
        more = "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n" + "".join(f"<li>{item}</li>\n" for item in custom) + "</ul>\n"
    return f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n{lines}</ul>\n{more}<hr/>\n</body>\n</html>\n"


def put_pages(s3, bucket, *keys, **more):
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), ContentType="text/html", **more)


def configure(s3, bucket, **configuration):
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, **configuration})


def missing(key):
    return "Code: NoSuchKey", "Message: The specified key does not exist.", f"Key: {key}"


def test_put_get_delete(s3, bucket):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.get_bucket_website(Bucket=bucket)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"], error["BucketName"]) == (
        "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", bucket)
    configuration = {"IndexDocument": {"Suffix": "i.html"}, "ErrorDocument": {"Key": "e.html"}, "RoutingRules": [
        {"Condition": {"KeyPrefixEquals": "a/", "HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"ReplaceKeyPrefixWith": "", "HttpRedirectCode": "302"}}]}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    got = s3.get_bucket_website(Bucket=bucket)
    del got["ResponseMetadata"]
    assert got == configuration
    for _ in range(2):
        assert s3.delete_bucket_website(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


INDEX = {"IndexDocument": {"Suffix": "index.html"}}


@pytest.mark.parametrize("configuration, code, message", [
    ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument", "The IndexDocument Suffix is not well formed"),
    ({"IndexDocument": {"Suffix": ""}}, "InvalidArgument", "The IndexDocument Suffix is not well formed"),
    ({"RedirectAllRequestsTo": {"HostName": "h"}, **INDEX}, "InvalidArgument",
     "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."),
    ({"ErrorDocument": {"Key": "e"}}, "InvalidArgument", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"),
    ({**INDEX, "RoutingRules": [{"Redirect": {"Protocol": "ftp"}}]}, "InvalidRequest",
     "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically."),
    ({**INDEX, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}]}, "InvalidRequest",
     "You can only define ReplaceKeyPrefix or ReplaceKey but not both."),
    ({**INDEX, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a"}, "Condition": {}}]}, "InvalidRequest",
     "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present."),
    ({**INDEX, "RoutingRules": [{"Redirect": {"HttpRedirectCode": "300"}}]}, "InvalidRequest",
     "The provided HTTP redirect code (300) is not valid. Valid codes are 3XX except 300."),
    ({**INDEX, "RoutingRules": []}, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"),
])
def test_what_a_website_may_be(s3, bucket, configuration, code, message):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


def test_no_website(endpoint, bucket):
    assert visit(endpoint, "none-" + bucket, "/")[::2] == (404, html(
        "404 Not Found", "Code: NoSuchBucket", "Message: The specified bucket does not exist", "BucketName: none-" + bucket))
    assert visit(endpoint, bucket, "/a")[::2] == (404, html(
        "404 Not Found", "Code: NoSuchWebsiteConfiguration", "Message: The specified bucket does not have a website configuration", "BucketName: " + bucket))


def test_pages(s3, bucket, endpoint):
    configure(s3, bucket)
    put_pages(s3, bucket, "index.html", "d/index.html", "a b/é.html", "_next/x.js")
    status, headers, text = visit(endpoint, bucket, "/")
    assert (status, text, headers["Content-Type"]) == (200, "index.html", "text/html")
    assert visit(endpoint, bucket, "/?versionId=nonsense&acl")[::2] == (200, "index.html")
    assert visit(endpoint, bucket, "/d/")[2] == "d/index.html"
    assert visit(endpoint, bucket, "/a%20b/%C3%A9.html")[2] == "a b/é.html"
    assert visit(endpoint, bucket, "/_next/x.js")[2] == "_next/x.js"  # Not the admin API.
    assert visit(endpoint, bucket, "/", "HEAD")[0::2] == (200, "")
    assert visit(endpoint, bucket, "/", If_None_Match=headers["ETag"])[0] == 304
    assert visit(endpoint, bucket, "/", Range="bytes=0-4")[::2] == (206, "index")
    status, headers, _ = visit(endpoint, bucket, "/d")
    assert (status, headers["Location"]) == (302, "/d/")
    assert visit(endpoint, bucket, "/e")[::2] == (404, html("404 Not Found", *missing("e")))
    assert visit(endpoint, bucket, "/e/")[::2] == (404, html("404 Not Found", *missing("e/index.html")))
    assert visit(endpoint, bucket, "/%3Cscript%3E")[2] == html("404 Not Found", *missing("&lt;script&gt;"))
    assert visit(endpoint, bucket, "/", "POST", b"x")[::2] == (405, html(
        "405 Method Not Allowed", "Code: MethodNotAllowed", "Message: The specified method is not allowed against this resource.",
        "Method: POST", "ResourceType: OBJECT"))


def test_error_documents(s3, bucket, endpoint):
    configure(s3, bucket, ErrorDocument={"Key": "error.html"})
    assert visit(endpoint, bucket, "/a")[::2] == (404, html("404 Not Found", *missing("a"), custom=missing("error.html")))
    put_pages(s3, bucket, "error.html")
    status, headers, text = visit(endpoint, bucket, "/a", Range="bytes=0-1")
    assert (status, text, headers["Content-Type"]) == (404, "error.html", "text/html")
    put_pages(s3, bucket, "error.html", WebsiteRedirectLocation="/sorry.html")
    status, headers, text = visit(endpoint, bucket, "/a")
    assert (status, text, headers["Location"]) == (301, "", "/sorry.html")


def test_redirects(s3, bucket, endpoint):
    here = f"http://{bucket}.s3-website.localhost:{urllib.parse.urlsplit(endpoint).port}"
    configure(s3, bucket, RoutingRules=[
        {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": ""}},
        {"Condition": {"KeyPrefixEquals": "index"}, "Redirect": {"ReplaceKeyWith": "other"}},
        {"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"HostName": "h", "Protocol": "https", "HttpRedirectCode": "307"}}])
    put_pages(s3, bucket, "index.html", "page")
    put_pages(s3, bucket, "moved", WebsiteRedirectLocation="http://elsewhere/x")

    def goes(path):
        status, headers, _ = visit(endpoint, bucket, path)
        return status, headers.get("Location")
    assert goes("/docs/a") == (301, here + "/a")
    assert goes("/index.html") == (301, here + "/other")
    assert goes("/") == (200, None)  # Rules look at what was asked for, not at the index document.
    assert goes("/page") == (200, None)
    assert goes("/none") == (307, "https://h/none")
    assert goes("/moved") == (301, "http://elsewhere/x")
    # Over the API the redirect is a header like any other.
    assert s3.get_object(Bucket=bucket, Key="moved")["WebsiteRedirectLocation"] == "http://elsewhere/x"
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "h.example"}})
    assert goes("/a/b") == (301, "http://h.example/a/b")
