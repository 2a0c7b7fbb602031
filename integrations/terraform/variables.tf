variable "function_name" {
  description = "The Lambda function, by its name."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.function_name))
    error_message = "The name of a function in the account that Weighbridge is in, not its ARN."
  }
}

variable "alias" {
  description = "The alias whose traffic is shifted. It is made here, and belongs to Weighbridge from then on."
  type        = string
  default     = "live"
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.alias)) && !can(regex("^[0-9]+$", var.alias))
    error_message = "Letters, digits, - and _, and not digits alone."
  }
}

variable "target_version" {
  description = "The version to deploy: aws_lambda_function.NAME.version of a function with publish = true."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{1,20}$", var.target_version))
    error_message = "The number of a published version; an alias on $LATEST cannot be shifted."
  }
}

variable "application" {
  description = "The application that the deployment group belongs to."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9._+=,@-]{1,100}$", var.application))
    error_message = "At most 100 letters, digits and . _ + = , @ -"
  }
}

variable "group" {
  description = "The deployment group, whose file says how traffic moves, what is watched and what is rolled back."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9._+=,@-]{1,100}$", var.group))
    error_message = "At most 100 letters, digits and . _ + = , @ -"
  }
}

variable "hooks" {
  description = "Functions that are asked before and after traffic moves: {BeforeAllowTraffic = \"CodeDeployHook_…\", AfterAllowTraffic = …}."
  type        = map(string)
  default     = {}
  validation {
    condition     = length(setsubtract(keys(var.hooks), ["BeforeAllowTraffic", "AfterAllowTraffic"])) == 0
    error_message = "BeforeAllowTraffic and AfterAllowTraffic are what there is."
  }
}

variable "redeploy" {
  description = "Any text in ASCII. Another one asks for the same version once more, after a deployment that failed or was stopped."
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^[ -~]{0,200}$", var.redeploy))
    error_message = "At most 200 characters of ASCII: it is metadata of an object."
  }
}

variable "trigger" {
  description = "s3: a file in Weighbridge's bucket asks for the deployment. none: something else does, with the output request; modules/event is such."
  type        = string
  default     = "s3"
  validation {
    condition     = contains(["s3", "none"], var.trigger)
    error_message = "s3 or none."
  }
}

variable "weighbridge_bucket" {
  description = "The installation's bucket, its output BucketName. Where it is left out it is read from the tags of the function <installation>-cloudformation."
  type        = string
  default     = null
}

variable "installation" {
  description = "The installation, by its stack's name in lower case."
  type        = string
  default     = "weighbridge"
}
