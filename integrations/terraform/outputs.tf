output "alias_arn" {
  description = "What calls the function: event sources, permissions, an API."
  value       = aws_lambda_alias.this.arn
}

output "invoke_arn" {
  description = "The same for API Gateway."
  value       = aws_lambda_alias.this.invoke_arn
}

output "wait" {
  description = "The command for the pipeline's next step: it ends as the deployment does, and at once where the version is live."
  value       = "weighbridge wait ${var.function_name}:${var.alias} --version ${var.target_version}"
}

output "request" {
  description = "The deployment as CreateDeployment takes it, for whoever asks for it in another way."
  value       = local.request
}
