"""KMS as a store of keys: their states, their names, their lists."""

import datetime
import uuid

import botocore.exceptions
import pytest

import support


@pytest.fixture(scope="module")
def kms(endpoint):
    return support.client("kms", endpoint)


def refused(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


# Members recorded on the real service, 2026-02.
def test_a_new_key(kms):
    key = kms.create_key(Description="d")["KeyMetadata"]
    assert key["Arn"] == f"arn:aws:kms:us-east-1:000000000000:key/{key['KeyId']}"
    assert (key["KeyState"], key["Enabled"], key["KeyManager"], key["Description"]) == ("Enabled", True, "CUSTOMER", "d")
    assert (key["KeySpec"], key["KeyUsage"], key["Origin"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS")
    assert (key["EncryptionAlgorithms"], key["MultiRegion"], len(key["CurrentKeyMaterialId"])) == (["SYMMETRIC_DEFAULT"], False, 64)
    again = kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]
    assert again == key
    assert key["KeyId"] in [one["KeyId"] for page in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}) for one in page["Keys"]]


def test_the_life_of_a_key(kms):
    key = kms.create_key()["KeyMetadata"]
    arn, name = key["Arn"], {"KeyId": key["KeyId"]}
    kms.disable_key(**name)
    assert kms.describe_key(**name)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.enable_key(**name)
    scheduled = kms.schedule_key_deletion(**name, PendingWindowInDays=7)
    assert (scheduled["KeyId"], scheduled["KeyState"], scheduled["PendingWindowInDays"]) == (arn, "PendingDeletion", 7)
    assert datetime.timedelta(days=6) < scheduled["DeletionDate"] - datetime.datetime.now(datetime.UTC) <= datetime.timedelta(days=7, minutes=1)
    for call in (kms.enable_key, kms.disable_key, kms.schedule_key_deletion):
        assert refused(call, **name) == ("KMSInvalidStateException", f"{arn} is pending deletion.")
    assert kms.cancel_key_deletion(**name)["KeyId"] == arn
    assert refused(kms.cancel_key_deletion, **name) == ("KMSInvalidStateException", f"{arn} is not pending deletion.")
    assert refused(kms.schedule_key_deletion, **name, PendingWindowInDays=3)[0] == "ValidationException"


def test_aliases(kms):
    key = kms.create_key()["KeyMetadata"]
    alias = "alias/" + uuid.uuid4().hex
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == key["Arn"]
    assert refused(kms.create_alias, AliasName=alias, TargetKeyId=key["KeyId"])[0] == "AlreadyExistsException"
    [listed] = kms.list_aliases(KeyId=key["KeyId"])["Aliases"]
    assert (listed["AliasName"], listed["TargetKeyId"]) == (alias, key["KeyId"])
    assert refused(kms.create_alias, AliasName="alias/aws/mine", TargetKeyId=key["KeyId"])[0] == "NotAuthorizedException"
    assert refused(kms.create_alias, AliasName="mine", TargetKeyId=key["KeyId"])[0] == "ValidationException"
    kms.delete_alias(AliasName=alias)
    assert refused(kms.describe_key, KeyId=alias)[0] == "NotFoundException"
    assert refused(kms.delete_alias, AliasName=alias)[0] == "NotFoundException"


def test_keys_of_other_accounts_and_regions_are_others(kms, endpoint):
    key = kms.create_key()["KeyMetadata"]
    elsewhere = support.client("kms", endpoint, region_name="eu-west-1")
    stranger = support.client("kms", endpoint, aws_access_key_id="111122223333")
    assert refused(elsewhere.describe_key, KeyId=key["KeyId"])[0] == "NotFoundException"
    assert refused(elsewhere.describe_key, KeyId=key["Arn"]) == ("NotFoundException", "Invalid arn us-east-1")
    assert refused(stranger.describe_key, KeyId=key["KeyId"])[0] == "NotFoundException"
    assert stranger.list_keys()["Keys"] == []


# LocalStack's tag, which its users' fixtures rely on.
def test_a_key_can_be_given_its_id(kms):
    name = "key-" + uuid.uuid4().hex
    tags = [{"TagKey": "_custom_id_", "TagValue": name}]
    assert kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"] == name
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"].endswith(":key/" + name)
    assert refused(kms.create_key, Tags=tags)[0] == "AlreadyExistsException"


def test_what_is_not_built_says_so(kms):
    key = kms.create_key()["KeyMetadata"]
    assert refused(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x")[0] == "NotImplemented"
    assert refused(kms.create_key, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")[0] == "UnsupportedOperationException"
