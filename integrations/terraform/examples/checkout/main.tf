# A function, its deployment group, and its alias, whose traffic Weighbridge shifts.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "role_arn" {
  description = "The function's role."
  type        = string
}

variable "weighbridge_bucket" {
  description = "The installation's bucket, its output BucketName."
  type        = string
}

resource "aws_lambda_function" "checkout" {
  function_name    = "checkout"
  runtime          = "python3.14"
  handler          = "main.handler"
  role             = var.role_arn
  filename         = "${path.module}/checkout.zip"
  source_code_hash = filebase64sha256("${path.module}/checkout.zip")
  publish          = true # each change of the code is a version
}

resource "aws_s3_object" "group" {
  bucket = var.weighbridge_bucket
  key    = "shop/prod/deployment-group.json"
  content = jsonencode({
    deploymentConfigName = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    aliases              = ["checkout:live"]
  })
}

module "checkout" {
  source = "../.."

  function_name      = aws_lambda_function.checkout.function_name
  target_version     = aws_lambda_function.checkout.version
  application        = "shop"
  group              = "prod"
  weighbridge_bucket = var.weighbridge_bucket
}

# API Gateway, event sources and permissions name the alias, so that they follow the traffic.
resource "aws_lambda_permission" "api" {
  action        = "lambda:InvokeFunction"
  function_name = "checkout"
  qualifier     = "live"
  principal     = "apigateway.amazonaws.com"
  depends_on    = [module.checkout]
}

output "wait" {
  value = module.checkout.wait
}
