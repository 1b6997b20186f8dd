"""Data directories that earlier releases wrote are read as they were, changed, and sound (tests/formats)."""

import importlib.util
import json
import pathlib
import tarfile

import pytest

import support

FORMATS = pathlib.Path(__file__).resolve().parents[2] / "formats"
spec = importlib.util.spec_from_file_location("make", FORMATS / "make.py")
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


@pytest.mark.parametrize("name", sorted(path.stem for path in FORMATS.glob("*.json")))
def test_a_directory_of_an_earlier_release(name, tmp_path):
    written = json.loads((FORMATS / f"{name}.json").read_text())
    with tarfile.open(FORMATS / f"{name}.tar.gz") as archive:
        archive.extractall(tmp_path)
    server = support.Cloche(tmp_path / "data", "--seed", "1").start()
    assert make.seen(make.clients_of(support, server.endpoint)) == written
    # It goes on from there: what is finished, changed, and kept over another restart.
    s3, dynamodb, _, _ = make.clients_of(support, server.endpoint)
    [upload] = s3.list_multipart_uploads(Bucket="plain")["Uploads"]
    [part] = s3.list_parts(Bucket="plain", Key="unfinished", UploadId=upload["UploadId"])["Parts"]
    s3.complete_multipart_upload(Bucket="plain", Key="unfinished", UploadId=upload["UploadId"], MultipartUpload={"Parts": [{"PartNumber": 7, "ETag": part["ETag"]}]})
    s3.put_object(Bucket="versions", Key="changes", Body=b"now")
    dynamodb.put_item(TableName="things", Item={"p": {"S": "p0"}, "s": {"N": "100"}, "g": {"S": "g0"}})
    after = make.seen(make.clients_of(support, server.endpoint))
    assert len(after["items"]) == len(written["items"]) + 1 and "100" in after["by_g"][0]
    assert len(after["records"]) == len(written["records"]) + 1
    assert server.stop() == 0, "".join(server.output)
    status, report = server.doctor()
    assert status == 0, report
    server.start()
    assert make.seen(make.clients_of(support, server.endpoint)) == after
    assert server.stop() == 0
