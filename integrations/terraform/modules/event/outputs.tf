output "alias_arn" {
  description = "What calls the function."
  value       = module.alias.alias_arn
}

output "invoke_arn" {
  description = "The same for API Gateway."
  value       = module.alias.invoke_arn
}

output "wait" {
  description = "The command for the pipeline's next step."
  value       = module.alias.wait
}
