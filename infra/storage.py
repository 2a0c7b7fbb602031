"""What is kept: the dropped files, and a record of every deployment."""

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Storage(Construct):
    """The bucket that takes drops and the table of records.

    Both outlive the stack: they are the history of what ran in production. A creation that fails leaves neither.
    """

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))],
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        # `event_bridge_enabled=True` would bring a custom resource with a function and a role of its own.
        self.bucket.node.default_child.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
        Validations.of(self.bucket).acknowledge(
            Acknowledgment(
                id="AwsSolutions-S1",
                reason="Every drop becomes a record that names the object and its version; a log of the requests would "
                "take a second bucket and tell nothing more about a deployment.",
            )
        )
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            # What was refused is of interest for a month; nothing else carries the attribute.
            time_to_live_attribute="expires",
            # Not protected from deletion: a creation that fails could not be rolled back (decision 43).
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        # Sparse: only records of deployments that have not ended carry it, so the reconciliation reads nothing else.
        self._index("open", "createTime")
        # What is listed by name (applications, groups, configurations, revisions) carries the list it is in.
        self._index("listing", "listingKey")
        # Deployments are listed newest first, of the account and of a group, each status apart: no filter reads in vain.
        self._index("status", "createTime")
        self._index("groupStatus", "createTime")

    def _index(self, partition_key: str, sort_key: str) -> None:
        self.table.add_global_secondary_index(
            index_name=partition_key,
            partition_key=dynamodb.Attribute(name=partition_key, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=sort_key, type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
