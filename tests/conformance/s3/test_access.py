"""Who may do what, with --iam enforce and --auth verify: identity policies, bucket policies, ACLs, the public access block.

Sources are named where a rule is no plain reading of "How Amazon S3 authorizes a request" (S3 User Guide)."""

import json
import urllib.error
import urllib.request
import uuid

import botocore
import botocore.exceptions
import pytest

import support

OWNER, OTHER = "111122223333", "444455556666"


def statement(effect, principal, action, resource, **condition):
    out = {"Effect": effect, "Action": action, "Resource": resource}
    if principal is not None:
        out["Principal"] = principal
    if condition:
        out["Condition"] = condition["condition"]
    return out


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def user(name, account, *policies, root=False):
    out = {"name": name, "account": account, "accessKey": f"KEY{name.upper()}", "secretKey": f"secret-{name}",
           "email": f"{name}@example.com", "displayName": name}
    if not root:
        out["policies"] = [json.loads(policy(*policies))] if policies else []
    return out


USERS = {"users": [
    user("root", OWNER, root=True),
    user("reader", OWNER, statement("Allow", None, ["s3:Get*", "s3:ListBucket"], "*")),
    user("poor", OWNER),
    user("homely", OWNER, statement("Allow", None, "s3:*Object", "arn:aws:s3:::*/home/${aws:username}/*")),
    user("careful", OWNER, statement("Allow", None, "*", "*"),
         statement("Deny", None, ["s3:DeleteObject", "dynamodb:DeleteItem"], "*")),
    user("other", OTHER, root=True),
    user("stranger", OTHER, statement("Allow", None, "s3:*", "*")),
]}


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    folder = tmp_path_factory.mktemp("access")
    (folder / "users.json").write_text(json.dumps(USERS))
    server = support.Cloche(folder / "data", "--users", str(folder / "users.json"), "--iam", "enforce", "--auth", "verify").start()

    class Clients:
        endpoint = server.endpoint

        def __getattr__(self, name):
            return self.of("s3", name)

        def of(self, service, name):
            return support.client(service, server.endpoint, config={"s3": {"addressing_style": "path"}} if service == "s3" else {},
                                  aws_access_key_id=f"KEY{name.upper()}", aws_secret_access_key=f"secret-{name}")

        def anonymous(self, method, path, body=None, **headers):
            request = urllib.request.Request(f"{server.endpoint}/{path}", data=body, method=method, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                return error.code

    yield Clients()
    assert server.stop() == 0


@pytest.fixture
def bucket(clients):
    """A bucket as AWS made them until 2023: with ACLs, without a public access block."""
    name = "access-" + uuid.uuid4().hex[:12]
    clients.root.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    clients.root.delete_public_access_block(Bucket=name)
    clients.root.put_object(Bucket=name, Key="k", Body=b"content")
    return name


def refused(code, call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["Error"].get("Message")


def test_identity_policies_allow_and_deny(clients, bucket):
    assert clients.reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    arn = f"arn:aws:iam::{OWNER}:user/reader"
    assert refused("AccessDenied", clients.reader.put_object, Bucket=bucket, Key="x", Body=b"") == (
        f'User: {arn} is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::{bucket}/x" '
        "because no identity-based policy allows the s3:PutObject action")
    refused("AccessDenied", clients.poor.get_object, Bucket=bucket, Key="k")
    clients.careful.put_object(Bucket=bucket, Key="x", Body=b"")
    assert refused("AccessDenied", clients.careful.delete_object, Bucket=bucket, Key="x").endswith(
        "with an explicit deny in an identity-based policy")
    clients.homely.put_object(Bucket=bucket, Key="home/homely/x", Body=b"")
    refused("AccessDenied", clients.homely.put_object, Bucket=bucket, Key="home/reader/x", Body=b"")


def test_the_same_policies_speak_of_dynamodb(clients):
    careful = clients.of("dynamodb", "careful")
    careful.create_table(TableName="things", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                         AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    careful.put_item(TableName="things", Item={"p": {"S": "1"}})
    message = refused("AccessDeniedException", careful.delete_item, TableName="things", Key={"p": {"S": "1"}})
    assert message == (f"User: arn:aws:iam::{OWNER}:user/careful is not authorized to perform: dynamodb:DeleteItem on resource: "
                       f"arn:aws:dynamodb:us-east-1:{OWNER}:table/things with an explicit deny in an identity-based policy")
    refused("AccessDeniedException", careful.transact_write_items,
            TransactItems=[{"Delete": {"TableName": "things", "Key": {"p": {"S": "1"}}}}])
    poor = clients.of("dynamodb", "poor")
    refused("AccessDeniedException", poor.get_item, TableName="things", Key={"p": {"S": "1"}})
    message = refused("AccessDeniedException", poor.execute_statement, Statement='DELETE FROM "things" WHERE p=\'1\'')
    assert f"dynamodb:PartiQLDelete on resource: arn:aws:dynamodb:us-east-1:{OWNER}:table/things " in message
    refused("AccessDeniedException", poor.batch_execute_statement, Statements=[{"Statement": "SELECT * FROM things WHERE p='1'"}])


def test_nobody_else_gets_in_by_himself(clients, bucket):
    for call in (clients.other.get_object, clients.stranger.get_object):
        assert refused("AccessDenied", call, Bucket=bucket, Key="k") == "Access Denied"
    assert clients.anonymous("GET", f"{bucket}/k") == 403
    refused("AccessDenied", clients.other.delete_bucket, Bucket=bucket)
    assert [b["Name"] for b in clients.other.list_buckets()["Buckets"]] == []


def test_a_bucket_policy_lets_in_whom_it_names(clients, bucket):
    objects = f"arn:aws:s3:::{bucket}/*"
    clients.root.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("Allow", {"AWS": OTHER}, "s3:GetObject", objects),
        statement("Allow", {"AWS": f"arn:aws:iam::{OWNER}:user/poor"}, "s3:PutObject", objects),
        statement("Deny", "*", "s3:GetObject", f"arn:aws:s3:::{bucket}/secret")))
    assert clients.stranger.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    clients.poor.put_object(Bucket=bucket, Key="p", Body=b"")
    refused("AccessDenied", clients.poor.get_object, Bucket=bucket, Key="p")
    assert clients.anonymous("GET", f"{bucket}/k") == 403
    clients.root.put_object(Bucket=bucket, Key="secret", Body=b"")
    assert refused("AccessDenied", clients.root.get_object, Bucket=bucket, Key="secret").endswith(
        "with an explicit deny in a resource-based policy")
    # Not even a policy that denies all keeps the account's root from taking it away.
    clients.root.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("Deny", "*", "s3:*", [f"arn:aws:s3:::{bucket}", objects])))
    refused("AccessDenied", clients.root.list_objects_v2, Bucket=bucket)
    clients.root.delete_bucket_policy(Bucket=bucket)
    clients.root.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("condition, key, status", [
    ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, "k", 200),
    ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, "k", 403),
    ({"Bool": {"aws:SecureTransport": "true"}}, "k", 403),
    ({"StringLike": {"aws:Referer": "http://good.example/*"}}, "k", 200),
    ({"StringEquals": {"s3:ExistingObjectTag/team": "red"}}, "tagged", 200),
    ({"StringEquals": {"s3:ExistingObjectTag/team": "red"}}, "k", 403),
    ({"StringEqualsIfExists": {"s3:ExistingObjectTag/team": "red"}}, "k", 200),
    ({"Null": {"s3:ExistingObjectTag/team": "true"}}, "k", 200),
])
def test_conditions(clients, bucket, condition, key, status):
    clients.root.put_object(Bucket=bucket, Key="tagged", Body=b"", Tagging="team=red")
    clients.root.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("Allow", "*", "s3:GetObject", f"arn:aws:s3:::{bucket}/*", condition=condition)))
    assert clients.anonymous("GET", f"{bucket}/{key}", Referer="http://good.example/page") == status


def test_conditions_on_what_is_written_and_listed(clients, bucket):
    here, objects = f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"
    clients.root.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("Allow", {"AWS": OTHER}, ["s3:PutObject", "s3:PutObjectTagging"], objects,
                  condition={"StringEquals": {"s3:RequestObjectTag/team": "red"},
                             "ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["team", "stage"]}}),
        statement("Allow", {"AWS": OTHER}, "s3:ListBucket", here,
                  condition={"StringEquals": {"s3:prefix": "open/"}, "NumericLessThanEquals": {"s3:max-keys": "10"}})))
    clients.other.put_object(Bucket=bucket, Key="a", Body=b"", Tagging="team=red")
    refused("AccessDenied", clients.other.put_object, Bucket=bucket, Key="a", Body=b"", Tagging="team=blue")
    refused("AccessDenied", clients.other.put_object, Bucket=bucket, Key="a", Body=b"", Tagging="team=red&x=y")
    refused("AccessDenied", clients.other.put_object, Bucket=bucket, Key="a", Body=b"")
    clients.other.list_objects_v2(Bucket=bucket, Prefix="open/", MaxKeys=10)
    refused("AccessDenied", clients.other.list_objects_v2, Bucket=bucket, Prefix="open/", MaxKeys=11)
    refused("AccessDenied", clients.other.list_objects_v2, Bucket=bucket)


def test_attributes_need_both_permissions(clients, bucket):
    objects = f"arn:aws:s3:::{bucket}/*"
    for actions, allowed in ((["s3:GetObjectAttributes"], False), (["s3:GetObject"], False), (["s3:GetObject", "s3:GetObjectAttributes"], True)):
        clients.root.put_bucket_policy(Bucket=bucket, Policy=policy(statement("Allow", {"AWS": OTHER}, actions, objects)))
        if allowed:
            clients.other.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
        else:
            refused("AccessDenied", clients.other.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["ETag"])


def test_locks_are_passed_by_with_permission_alone(clients, bucket):
    name = bucket + "-locked"
    clients.root.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    version = clients.root.put_object(Bucket=name, Key="k", Body=b"", ChecksumAlgorithm="CRC32", ObjectLockMode="GOVERNANCE",
                                      ObjectLockRetainUntilDate="2099-01-01T00:00:00Z")["VersionId"]
    clients.root.put_bucket_policy(Bucket=name, Policy=policy(
        statement("Allow", {"AWS": OTHER}, ["s3:DeleteObject", "s3:DeleteObjectVersion"], f"arn:aws:s3:::{name}/*")))
    refused("AccessDenied", clients.other.delete_object, Bucket=name, Key="k", VersionId=version, BypassGovernanceRetention=True)
    answer = clients.other.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "k", "VersionId": version}]},
                                          BypassGovernanceRetention=True)
    assert [row["Code"] for row in answer["Errors"]] == ["AccessDenied"]
    clients.root.delete_object(Bucket=name, Key="k", VersionId=version, BypassGovernanceRetention=True)


def test_each_key_of_delete_objects_is_judged(clients, bucket):
    clients.root.put_object(Bucket=bucket, Key="free", Body=b"")
    clients.root.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("Allow", {"AWS": OTHER}, "s3:DeleteObject", f"arn:aws:s3:::{bucket}/free")))
    answer = clients.other.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "free"}, {"Key": "k"}]})
    assert [row["Key"] for row in answer["Deleted"]] == ["free"]
    assert [(row["Key"], row["Code"]) for row in answer["Errors"]] == [("k", "AccessDenied")]
    assert clients.root.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"] == "k"


def test_a_copy_has_to_be_allowed_on_both_ends(clients, bucket):
    clients.other.create_bucket(Bucket=bucket + "-other")
    source = {"Bucket": bucket, "Key": "k"}
    refused("AccessDenied", clients.other.copy_object, Bucket=bucket + "-other", Key="k", CopySource=source)
    clients.root.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    clients.other.copy_object(Bucket=bucket + "-other", Key="k", CopySource=source)
    refused("AccessDenied", clients.root.get_object, Bucket=bucket + "-other", Key="k")


def test_who_may_not_list_is_not_told_what_is_missing(clients, bucket):
    """GetObject: without s3:ListBucket a missing key answers 403."""
    clients.root.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("Allow", "*", "s3:GetObject", f"arn:aws:s3:::{bucket}/*")))
    assert clients.anonymous("GET", f"{bucket}/none") == 403
    clients.root.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert clients.anonymous("GET", f"{bucket}/none") == 404
    refused("NoSuchKey", clients.root.get_object, Bucket=bucket, Key="none")


@pytest.mark.parametrize("acl, read, listing, write", [
    ("private", 403, 403, 403),
    ("public-read", 403, 200, 403),
    ("public-read-write", 403, 200, 200),
])
def test_canned_acls_of_buckets(clients, bucket, acl, read, listing, write):
    clients.root.put_bucket_acl(Bucket=bucket, ACL=acl)
    assert clients.anonymous("GET", f"{bucket}/k") == read
    assert clients.anonymous("GET", bucket) == listing
    assert clients.anonymous("PUT", f"{bucket}/new", body=b"x") == write
    assert clients.anonymous("GET", f"{bucket}?acl") == 403


def test_acls_of_objects(clients, bucket):
    clients.root.put_object_acl(Bucket=bucket, Key="k", ACL="authenticated-read")
    assert clients.anonymous("GET", f"{bucket}/k") == 403
    assert clients.other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    clients.root.put_object_acl(Bucket=bucket, Key="k", GrantReadACP='emailAddress="other@example.com"')
    refused("AccessDenied", clients.other.get_object, Bucket=bucket, Key="k")
    grants = clients.other.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["READ_ACP"]
    refused("AccessDenied", clients.other.put_object_acl, Bucket=bucket, Key="k", ACL="public-read")


def test_what_another_account_writes_is_its_own(clients, bucket):
    """About object ownership: ObjectWriter and BucketOwnerPreferred."""
    clients.root.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    owner = clients.root.get_bucket_acl(Bucket=bucket)["Owner"]["ID"]
    clients.other.put_object(Bucket=bucket, Key="theirs", Body=b"x")
    refused("AccessDenied", clients.root.get_object, Bucket=bucket, Key="theirs")
    assert clients.other.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"x"
    assert clients.other.get_object_acl(Bucket=bucket, Key="theirs")["Owner"]["ID"] != owner
    clients.root.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    clients.other.put_object(Bucket=bucket, Key="given", Body=b"x", ACL="bucket-owner-full-control")
    assert clients.root.get_object_acl(Bucket=bucket, Key="given")["Owner"]["ID"] == owner
    # With ACLs off all is the bucket owner's, old objects too.
    clients.root.put_bucket_acl(Bucket=bucket, ACL="private")
    clients.root.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    assert clients.root.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"x"


def test_the_public_access_block_keeps_the_public_out(clients, bucket):
    def block(**flags):
        clients.root.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=flags)

    public = policy(statement("Allow", "*", "s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    block(BlockPublicAcls=True, BlockPublicPolicy=True)
    assert refused("AccessDenied", clients.root.put_bucket_policy, Bucket=bucket, Policy=public).endswith(
        "because public policies are blocked by the BlockPublicPolicy block public access setting.")
    refused("AccessDenied", clients.root.put_bucket_acl, Bucket=bucket, ACL="public-read")
    refused("AccessDenied", clients.root.put_object, Bucket=bucket, Key="p", Body=b"", ACL="public-read")
    clients.root.put_object(Bucket=bucket, Key="p", Body=b"", ACL="private")
    fixed = policy(statement("Allow", "*", "s3:GetObject", f"arn:aws:s3:::{bucket}/*",
                             condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/24"}}))
    clients.root.put_bucket_policy(Bucket=bucket, Policy=fixed)
    assert clients.root.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False

    block()
    clients.root.put_bucket_policy(Bucket=bucket, Policy=public)
    assert clients.root.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert clients.anonymous("GET", f"{bucket}/k") == 200
    block(RestrictPublicBuckets=True)
    assert clients.anonymous("GET", f"{bucket}/k") == 403
    refused("AccessDenied", clients.other.get_object, Bucket=bucket, Key="k")
    clients.root.delete_bucket_policy(Bucket=bucket)

    clients.root.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    assert clients.anonymous("GET", f"{bucket}/k") == 200
    block(IgnorePublicAcls=True)
    assert clients.anonymous("GET", f"{bucket}/k") == 403


def test_who_asks_pays(clients, bucket):
    clients.root.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    clients.root.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    assert clients.root.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"
    refused("AccessDenied", clients.other.get_object, Bucket=bucket, Key="k")
    assert clients.anonymous("GET", f"{bucket}/k") == 403
    assert clients.other.get_object(Bucket=bucket, Key="k", RequestPayer="requester")["RequestCharged"] == "requester"
    assert "RequestCharged" not in clients.root.get_object(Bucket=bucket, Key="k")


def test_a_policy_is_not_for_others_to_see(clients, bucket):
    """PutBucketPolicy: 405 for who may, but is of another account."""
    clients.root.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("Allow", {"AWS": OTHER}, "s3:GetBucketPolicy", f"arn:aws:s3:::{bucket}")))
    refused("MethodNotAllowed", clients.other.get_bucket_policy, Bucket=bucket)


def test_soft_lets_through_and_tells(tmp_path):
    (tmp_path / "users.json").write_text(json.dumps(USERS))
    server = support.Cloche(tmp_path / "data", "--users", str(tmp_path / "users.json"), "--iam", "soft").start()
    poor = support.client("s3", server.endpoint, aws_access_key_id="KEYPOOR", config={"s3": {"addressing_style": "path"}})
    poor.create_bucket(Bucket="soft-bucket")
    server.stop()
    assert any("iam soft: " in line and "s3.CreateBucket would be refused: AccessDenied: User: " in line for line in server.output)


def test_a_bad_users_file_is_named_at_start(tmp_path):
    path = tmp_path / "users.json"
    path.write_text('{"users": [{"name": "a", "account": "1"}]}')
    with pytest.raises(AssertionError) as error:
        support.Cloche(tmp_path / "data", "--users", str(path)).start()
    assert f"{path}: users[0].account: must be 12 digits" in str(error.value)
