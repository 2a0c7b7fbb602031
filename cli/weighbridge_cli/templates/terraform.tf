# @FUNCTION@:@ALIAS@, whose traffic Weighbridge shifts: Terraform makes the alias, and asks for each new version by a file.
# Needs a resource aws_lambda_function.@RESOURCE@ with publish = true.

data "aws_lambda_function" "weighbridge" {
  function_name = "weighbridge-cloudformation"
}

resource "aws_lambda_alias" "@RESOURCE@_@ALIAS_RESOURCE@" {
  name             = "@ALIAS@"
  function_name    = aws_lambda_function.@RESOURCE@.function_name
  function_version = aws_lambda_function.@RESOURCE@.version # counts when the alias is made, and never again
  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_s3_object" "@RESOURCE@_group" {
  bucket  = data.aws_lambda_function.weighbridge.tags["weighbridge:bucket"]
  key     = "@APPLICATION@/@GROUP@/deployment-group.json"
  content = jsonencode({
    deploymentConfigName = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    aliases              = ["@FUNCTION@:@ALIAS@"]
  })
}

resource "aws_s3_object" "@RESOURCE@_deployment" {
  bucket  = data.aws_lambda_function.weighbridge.tags["weighbridge:bucket"]
  key     = "@APPLICATION@/@GROUP@/@FUNCTION@.json"
  content = jsonencode({
    version = "0.0"
    Resources = [{
      "@FUNCTION@" = {
        Type = "AWS::Lambda::Function"
        Properties = {
          Name          = aws_lambda_function.@RESOURCE@.function_name
          Alias         = aws_lambda_alias.@RESOURCE@_@ALIAS_RESOURCE@.name
          TargetVersion = aws_lambda_function.@RESOURCE@.version
        }
      }
    }]
  })
  depends_on = [aws_s3_object.@RESOURCE@_group]
}

output "wait_for_@RESOURCE@" {
  value = "weighbridge wait @FUNCTION@:@ALIAS@ --version ${aws_lambda_function.@RESOURCE@.version}"
}
