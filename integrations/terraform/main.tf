# A Lambda alias whose traffic Weighbridge shifts: Terraform makes it, and asks for each new version by a file.

locals {
  appspec = jsonencode({
    version = "0.0"
    Resources = [
      {
        (var.function_name) = {
          Type = "AWS::Lambda::Function"
          Properties = {
            Name          = var.function_name
            Alias         = aws_lambda_alias.this.name
            TargetVersion = var.target_version
          }
        }
      }
    ]
    Hooks = [for event, hook in var.hooks : { (event) = hook }]
  })

  # As CreateDeployment takes it, on the bus or by weighbridge-deploy.
  request = {
    applicationName     = var.application
    deploymentGroupName = var.group
    revision = {
      revisionType   = "AppSpecContent"
      appSpecContent = { content = local.appspec }
    }
  }
}

resource "aws_lambda_alias" "this" {
  name             = var.alias
  function_name    = var.function_name
  function_version = var.target_version # counts when the alias is made, and never again

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

data "aws_lambda_function" "weighbridge" {
  count         = var.trigger == "s3" && var.weighbridge_bucket == null ? 1 : 0
  function_name = "${var.installation}-cloudformation"
}

# The key stays the same: its content is the request, so that a plan shows what will be deployed.
resource "aws_s3_object" "deployment" {
  count        = var.trigger == "s3" ? 1 : 0
  bucket       = var.weighbridge_bucket == null ? data.aws_lambda_function.weighbridge[0].tags["weighbridge:bucket"] : var.weighbridge_bucket
  key          = "${var.application}/${var.group}/${var.function_name}-${var.alias}.json"
  content      = local.appspec
  content_type = "application/json"
  metadata     = var.redeploy == "" ? {} : { redeploy = var.redeploy }
}
