import pytest

from tests.infra.template import Template

BUCKET = "StorageBucket"
TABLE = "StorageTable"


def test_the_bucket_keeps_every_version_encrypted_and_tells_event_bridge(template: Template) -> None:
    bucket = template[BUCKET]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    }
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_the_bucket_is_closed_to_the_public_and_to_plain_http(template: Template) -> None:
    assert template[BUCKET]["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert template["StorageBucketPolicy"]["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:*",
            "Resource": ["<StorageBucket.Arn>", "<StorageBucket.Arn>/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_the_table_can_be_restored_and_streams_its_changes(template: Template) -> None:
    table = template[TABLE]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_refusals_are_deleted_when_their_time_is_over(template: Template) -> None:
    assert template[TABLE]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_the_table_has_the_keys_and_the_index_that_the_handlers_use(template: Template) -> None:
    table = template[TABLE]
    assert {key["AttributeName"]: key["AttributeType"] for key in table["AttributeDefinitions"]} == {
        "pk": "S",
        "sk": "S",
        "open": "S",
        "createTime": "S",
        "listing": "S",
        "listingKey": "S",
        "status": "S",
        "groupStatus": "S",
    }
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert table["GlobalSecondaryIndexes"] == [
        {
            "IndexName": name,
            "KeySchema": [
                {"AttributeName": name, "KeyType": "HASH"},
                {"AttributeName": sort_key, "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for name, sort_key in (
            ("open", "createTime"),
            ("listing", "listingKey"),
            ("status", "createTime"),
            ("groupStatus", "createTime"),
        )
    ]


@pytest.mark.parametrize("name", [BUCKET, TABLE])
def test_what_is_kept_outlives_the_stack_but_not_a_creation_that_fails(template: Template, name: str) -> None:
    attributes = template.resources[name].attributes
    assert attributes["DeletionPolicy"] == "RetainExceptOnCreate"
    assert attributes["UpdateReplacePolicy"] == "Retain"
    # CloudFormation cannot delete what is protected: the rollback would fail and leave everything.
    assert "DeletionProtectionEnabled" not in template[name]


def test_nothing_else_outlives_the_stack(template: Template) -> None:
    policies = {name: resource.attributes.get("DeletionPolicy", "Delete") for name, resource in template.resources.items()}
    assert {name for name, policy in policies.items() if policy != "Delete"} == {BUCKET, TABLE}


def test_outputs(template: Template) -> None:
    assert template.outputs == {
        "ApiUrl": "<ApiFunctionFunctionUrl.FunctionUrl>",
        "BucketName": "<StorageBucket>",
        "DeployMachineArn": "<DeployMachine>",
        "EventBusName": "<EventsBus>",
        "HookLayerArn": "<HookLayer>",
        "ServiceToken": "<ManageAliasFunction.Arn>",
        "StateMachineArn": "<DeploymentMachine>",
        "TableName": "<StorageTable>",
    }
