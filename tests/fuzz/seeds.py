"""Writes what the fuzzers begin with: for each operation of S3 and DynamoDB a request with what is required and one with all there is, as
botocore sends them. tests/fuzz/seeds.py; the files are kept (corpus/)."""

import pathlib

import boto3
import botocore.awsrequest
import botocore.config

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
KNOWN = {"Bucket": "plain", "Key": "k", "CopySource": "plain/k", "RenameSource": "/plain/k", "TableName": "things", "UploadId": "x", "ExpectedBucketOwner": "000000000000",
         "SourceExpectedBucketOwner": "000000000000", "AttributeName": "p", "IndexName": "by_g", "Date": "2030-01-01T00:00:00Z", "BucketRegion": "us-east-1",
         "ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/things", "Statement": "SELECT * FROM things", "RequestRoute": "a", "RequestToken": "b"}
NOT_WITH_OTHERS = {"MFA", "ChecksumAlgorithm", "ContentMD5", "RequestPayer", "Delimiter"}
HEADERS_LEFT_OUT = {"user-agent", "authorization", "amz-sdk-invocation-id", "amz-sdk-request", "x-amz-date", "content-length", "host", "x-amz-content-sha256", "accept-encoding",
                    "x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm"}


def value_of(shape, name, whole, depth=0):
    if name in KNOWN and shape.type_name == "string":
        return KNOWN[name]
    kind = shape.type_name
    if kind == "structure":
        members = shape.members.items()
        if shape.metadata.get("union"):
            members = list(members)[:1]
        if shape.name == "AttributeValue":
            return {"S": "a"}
        return {m: value_of(s, m, whole, depth + 1) for m, s in members
                if m in shape.required_members or (whole and depth < 6 and m not in NOT_WITH_OTHERS and not m.startswith("Checksum")) or shape.metadata.get("union")}
    if kind == "list":
        return [value_of(shape.member, name, whole, depth + 1)]
    if kind == "map":
        return {value_of(shape.key, "", whole): value_of(shape.value, "", whole, depth + 1)}
    if kind == "string":
        return shape.enum[0] if shape.enum else "a" * max(1, shape.metadata.get("min", 1))
    if kind in ("integer", "long"):
        return max(1, shape.metadata.get("min", 1))
    return {"boolean": True, "timestamp": "2030-01-01T00:00:00Z", "blob": b"body", "double": 1.5, "float": 1.5}[kind]


def requests(service):
    client = boto3.client(service, region_name="us-east-1", endpoint_url="http://localhost", aws_access_key_id="test", aws_secret_access_key="test",
                          config=botocore.config.Config(parameter_validation=False, signature_version=None, s3={"addressing_style": "path"}, retries={"total_max_attempts": 1},
                                                        request_checksum_calculation="when_required"))
    caught = []

    def catch(request, **_):
        caught.append(request)
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, None)

    client.meta.events.register("before-send", catch)
    for operation in client.meta.service_model.operation_names:
        model = client.meta.service_model.operation_model(operation)
        for whole in (False, True):
            caught.clear()
            params = value_of(model.input_shape, "", whole) if model.input_shape else {}
            try:
                client._make_api_call(operation, params)
            except Exception:  # What it makes of the answer, which is none.
                pass
            if caught:
                yield operation, "all" if whole else "least", caught[0]


def text_of(request):
    """As server_fuzz.cc reads it."""
    # Of the body as it will be: http_mutator.cc.
    wants_digest = any(name.lower() in ("content-md5", "x-amz-checksum-crc32") for name in request.headers)
    headers = "Content-MD5: right\n" if wants_digest else ""
    headers += "".join(f"{name}: {value.decode() if isinstance(value, bytes) else value}\n" for name, value in request.headers.items() if name.lower() not in HEADERS_LEFT_OUT | {"content-md5"})
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    return f"{request.method} {request.url.removeprefix('http://localhost')}\n{headers}\n".encode() + (body.encode() if isinstance(body, str) else body)


def main():
    (CORPUS / "server").mkdir(exist_ok=True)
    for operation, kind, request in requests("s3"):
        if len(text := text_of(request)) < 4096:
            (CORPUS / "server" / f"{operation}_{kind}").write_bytes(text)
    for operation, kind, request in requests("dynamodb"):
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        if len(line := operation.encode() + b" " + body) < 4096:
            (CORPUS / "request" / f"{operation}_{kind}").write_bytes(line)


if __name__ == "__main__":
    main()
