variable "function_name" {
  description = "The Lambda function, by its name."
  type        = string
}

variable "alias" {
  description = "The alias whose traffic is shifted."
  type        = string
  default     = "live"
}

variable "target_version" {
  description = "The version to deploy."
  type        = string
}

variable "application" {
  description = "The application that the deployment group belongs to."
  type        = string
}

variable "group" {
  description = "The deployment group."
  type        = string
}

variable "hooks" {
  description = "Functions that are asked before and after traffic moves."
  type        = map(string)
  default     = {}
}

variable "deployment_config_name" {
  description = "Another deployment configuration than the group's."
  type        = string
  default     = null
}

variable "description" {
  description = "Any text of at most 256 characters; it stands in the deployment's record."
  type        = string
  default     = null
}

variable "redeploy" {
  description = "Any text. Another one asks for the same version once more."
  type        = string
  default     = ""
}

variable "event_bus_name" {
  description = "The installation's bus, its output EventBusName."
  type        = string
  default     = "weighbridge"
}
