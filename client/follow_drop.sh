#!/bin/sh
# Drops a file and follows what becomes of it to its end: follow_drop.sh BUCKET KEY FILE
#
# Prints the deployment's id. Ends with 0 where it succeeded, or where a group or configuration took the file over; else with 1
# and the reason. It needs the client's model (docs/from-codedeploy.md), and the output ApiUrl as AWS_ENDPOINT_URL_WEIGHBRIDGE.
set -eu
bucket=$1 key=$2 file=$3

became() {
  aws weighbridge get-drop --bucket "$bucket" --key "$key" --version-id "$version" --query "dropInfo.$1" --output text
}

version=$(aws s3api put-object --bucket "$bucket" --key "$key" --body "$file" --query VersionId --output text)
if ! aws weighbridge wait drop-accepted --bucket "$bucket" --key "$key" --version-id "$version"; then
  echo "$key is $(became status): $(became errorInformation.message)" >&2
  exit 1
fi
deployment=$(became deploymentId)
[ "$deployment" != None ] || exit 0
echo "$deployment"
while status=$(became deploymentStatus) && { [ "$status" = Created ] || [ "$status" = InProgress ]; }; do
  sleep "${INTERVAL:-15}"
done
if [ "$status" != Succeeded ]; then
  echo "$deployment is $status: $(became errorInformation.message)" >&2
  exit 1
fi
