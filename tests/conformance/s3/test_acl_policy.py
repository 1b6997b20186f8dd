"""ACLs, ownership, public access block and policies as settings: what is taken, refused and given back. Values from recordings of
AWS, 2025, unless said otherwise."""

import json

import botocore.exceptions
import pytest

LOG_DELIVERY = 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"'


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**arguments)
    return {key: value for key, value in error.value.response["Error"].items() if key != "HostId"}


@pytest.fixture
def open_bucket(s3, bucket):
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    return bucket


def test_new_buckets_are_closed(s3, bucket):
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="bucket-owner-full-control")
    closed = {"Code": "AccessControlListNotSupported", "Message": "The bucket does not allow ACLs"}
    assert error_of(s3.put_object, Bucket=bucket, Key="k", Body=b"", ACL="public-read") == closed
    assert error_of(s3.put_object_acl, Bucket=bucket, Key="k", ACL="private") == closed
    assert error_of(s3.put_bucket_acl, Bucket=bucket, ACL="private") == closed
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 1


def test_ownership_controls(s3, bucket):
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "ObjectWriter"}]
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert error_of(s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls=enforced)["Code"] == (
        "InvalidBucketAclWithObjectOwnership")
    for rules in ([], [{"ObjectOwnership": "Mine"}], enforced["Rules"] * 2):
        assert error_of(s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls={"Rules": rules})["Code"] == "MalformedXML"
    for _ in range(2):
        s3.delete_bucket_ownership_controls(Bucket=bucket)
    assert error_of(s3.get_bucket_ownership_controls, Bucket=bucket) == {
        "Code": "OwnershipControlsNotFoundError", "Message": "The bucket ownership controls were not found", "BucketName": bucket}


def test_ownership_of_a_new_bucket(s3):
    assert error_of(s3.create_bucket, Bucket="acl-new-bucket", ObjectOwnership="Mine") == {
        "Code": "InvalidArgument", "Message": "Invalid x-amz-object-ownership header: Mine", "ArgumentName": "x-amz-object-ownership"}
    assert error_of(s3.create_bucket, Bucket="acl-new-bucket", ACL="public-read") == {
        "Code": "InvalidBucketAclWithObjectOwnership",
        "Message": "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"}
    s3.create_bucket(Bucket="acl-new-bucket", ACL="public-read", ObjectOwnership="BucketOwnerPreferred")
    assert [grant["Permission"] for grant in s3.get_bucket_acl(Bucket="acl-new-bucket")["Grants"]] == ["FULL_CONTROL", "READ"]
    s3.delete_bucket(Bucket="acl-new-bucket")


# Seen on AWS by versity/versitygw (pull request 1871): what rclone sends with every bucket and object.
def test_the_private_acl_leaves_a_new_bucket_its_acls(s3):
    s3.create_bucket(Bucket="acl-private-bucket", ACL="private")
    [rule] = s3.get_bucket_ownership_controls(Bucket="acl-private-bucket")["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerPreferred"
    s3.put_object(Bucket="acl-private-bucket", Key="k", ACL="private")
    s3.delete_object(Bucket="acl-private-bucket", Key="k")
    s3.delete_bucket(Bucket="acl-private-bucket")


def test_public_access_block(s3, bucket):
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    for _ in range(2):
        s3.delete_public_access_block(Bucket=bucket)
    assert error_of(s3.get_public_access_block, Bucket=bucket) == {
        "Code": "NoSuchPublicAccessBlockConfiguration", "Message": "The public access block configuration was not found",
        "BucketName": bucket}


@pytest.mark.parametrize("of_object", [False, True])
def test_acls_are_given_back(s3, open_bucket, of_object):
    where = {"Bucket": open_bucket}
    put, get = s3.put_bucket_acl, s3.get_bucket_acl
    if of_object:
        where["Key"] = "k"
        s3.put_object(**where, Body=b"")
        put, get = s3.put_object_acl, s3.get_object_acl
    owner = get(**where)["Owner"]
    assert list(owner) == ["ID"] and len(owner["ID"]) == 64
    mine = {"Grantee": {"ID": owner["ID"], "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    everybody = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    logs = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
    assert get(**where)["Grants"] == [mine]
    put(**where, ACL="public-read-write")
    assert get(**where)["Grants"] == [mine, {"Grantee": everybody, "Permission": "READ"}, {"Grantee": everybody, "Permission": "WRITE"}]
    put(**where, GrantRead=LOG_DELIVERY)
    assert get(**where)["Grants"] == [{"Grantee": logs, "Permission": "READ"}]
    put(**where, AccessControlPolicy={"Owner": owner, "Grants": [mine, {"Grantee": logs, "Permission": "WRITE"}]})
    assert get(**where)["Grants"] == [mine, {"Grantee": logs, "Permission": "WRITE"}]
    put(**where, ACL="private")
    assert get(**where)["Grants"] == [mine]


@pytest.mark.parametrize("of_object", [False, True])
def test_bad_acls(s3, bucket, of_object):
    where = {"Bucket": bucket}
    put = s3.put_bucket_acl
    if of_object:
        where["Key"] = "k"
        s3.put_object(**where, Body=b"")
        put = s3.put_object_acl
    owner = s3.list_buckets()["Owner"]
    fake = "http://acs.amazonaws.com/groups/s3/FakeGroup"

    def argument(message, name, value):
        return {"Code": "InvalidArgument", "Message": message, "ArgumentName": name, "ArgumentValue": value}

    bad = error_of(put, **where, ACL="fake-acl")
    assert (bad["Code"], bad["ArgumentName"], bad["ArgumentValue"]) == ("InvalidArgument", "x-amz-acl", "fake-acl")
    assert error_of(put, **where, GrantWrite=f'uri="{fake}"') == argument("Invalid group uri", "uri", fake)
    assert error_of(put, **where, GrantWrite='fakekey="1234"') == argument(
        "Argument format not recognized", "x-amz-grant-write", 'fakekey="1234"')
    assert error_of(put, **where, GrantWrite='id="wrong-id"') == argument("Invalid id", "id", "wrong-id")
    assert error_of(put, **where, GrantWrite='emailAddress="no@example.com"')["Code"] == "UnresolvableGrantByEmailAddress"
    assert error_of(put, **where)["MissingHeaderName"] == "x-amz-acl"
    assert error_of(put, **where, ACL="private", GrantRead=LOG_DELIVERY)["Code"] == "InvalidRequest"

    def policy(grantee, permission="WRITE", policy_owner=owner):
        return {"Owner": policy_owner, "Grants": [{"Grantee": grantee, "Permission": permission}]}

    group = {"Type": "Group", "URI": fake}
    good = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
    assert error_of(put, **where, ACL="private", AccessControlPolicy=policy(good))["Code"] == "UnexpectedContent"
    assert error_of(put, **where, AccessControlPolicy={})["Code"] == "MalformedACLError"
    assert error_of(put, **where, AccessControlPolicy={"Grants": []})["Code"] == "MalformedACLError"
    assert error_of(put, **where, AccessControlPolicy=policy(good, "ALL"))["Code"] == "MalformedACLError"
    assert error_of(put, **where, AccessControlPolicy=policy({"Type": "BadType"}))["Code"] == "MalformedACLError"
    assert error_of(put, **where, AccessControlPolicy=policy(group)) == argument("Invalid group uri", "Group/URI", fake)
    assert error_of(put, **where, AccessControlPolicy=policy({"Type": "CanonicalUser", "ID": "wrong-id"})) == argument(
        "Invalid id", "CanonicalUser/ID", "wrong-id")
    assert error_of(put, **where, AccessControlPolicy=policy(good, policy_owner={"ID": "wrong-id"})) == argument(
        "Invalid id", "CanonicalUser/ID", "wrong-id")


def test_acls_upon_delete_markers(s3, open_bucket):
    s3.put_bucket_versioning(Bucket=open_bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=open_bucket, Key="k", Body=b"")
    marker = s3.delete_object(Bucket=open_bucket, Key="k")["VersionId"]
    assert error_of(s3.get_object_acl, Bucket=open_bucket, Key="k")["Code"] == "NoSuchKey"
    assert error_of(s3.get_object_acl, Bucket=open_bucket, Key="k", VersionId=marker)["Code"] == "MethodNotAllowed"
    assert error_of(s3.put_object_acl, Bucket=open_bucket, Key="k", ACL="private")["Code"] == "MethodNotAllowed"


def test_multipart_uploads_keep_their_acl(s3, open_bucket):
    upload = s3.create_multipart_upload(Bucket=open_bucket, Key="k", ACL="public-read")["UploadId"]
    etag = s3.upload_part(Bucket=open_bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(Bucket=open_bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]})
    assert [grant["Permission"] for grant in s3.get_object_acl(Bucket=open_bucket, Key="k")["Grants"]] == ["FULL_CONTROL", "READ"]
    s3.copy_object(Bucket=open_bucket, Key="copy", CopySource={"Bucket": open_bucket, "Key": "k"})
    assert len(s3.get_object_acl(Bucket=open_bucket, Key="copy")["Grants"]) == 1  # An ACL is never copied.


def test_bucket_policies_are_given_back(s3, bucket):
    missing = {"Code": "NoSuchBucketPolicy", "Message": "The bucket policy does not exist", "BucketName": bucket}
    assert error_of(s3.get_bucket_policy, Bucket=bucket) == missing
    text = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}})
    assert s3.put_bucket_policy(Bucket=bucket, Policy=text)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}
    assert error_of(s3.get_bucket_policy, Bucket=bucket, ExpectedBucketOwner="000000000002")["Code"] == "AccessDenied"
    for _ in range(2):
        s3.delete_bucket_policy(Bucket=bucket)
    assert error_of(s3.get_bucket_policy_status, Bucket=bucket) == missing


@pytest.mark.parametrize("change, message", [
    (None, "Policies must be valid JSON and the first byte must be '{'"),
    ({"Effect": None}, "Missing required field Effect"),
    ({"Principal": {"AWS": "nobody"}}, "Invalid principal in policy"),
    ({"Action": "s3:Fly"}, "Policy has invalid action"),
    ({"Action": "ec2:RunInstances"}, "Policy has invalid action"),
    ({"Resource": "*"}, "Policy has invalid resource"),
    ({"Resource": "arn:aws:s3:::elsewhere/*"}, "Policy has invalid resource"),
    ({"Action": "s3:ListBucket"}, "Action does not apply to any resource(s) in statement"),
    ({"Condition": {"StringSounds": {"aws:Referer": "x"}}}, "Invalid Condition type : StringSounds"),
    ({"Condition": {"StringEquals": {"s3:colour": "x"}}}, "Policy has an invalid condition key"),
    ({"Condition": {"IpAddress": {"aws:SourceIp": "here"}}}, "Invalid IP address in Conditions"),
    ({"Condition": {"StringEquals": {"s3:prefix": "x"}}}, "Conditions do not apply to combination of actions and resources in statement"),
])
def test_bad_bucket_policies(s3, bucket, change, message):
    """Texts as users of AWS have reported them."""
    one = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*", **(change or {})}
    text = json.dumps({"Statement": [{key: value for key, value in one.items() if value is not None}]})
    bad = error_of(s3.put_bucket_policy, Bucket=bucket, Policy=text if change else "x" + text)
    assert bad == {"Code": "MalformedPolicy", "Message": message}
