# The same alias, asked for by an event on Weighbridge's bus: nothing to write into the bucket, and a description and a
# configuration of this deployment's own.

module "alias" {
  source = "../.."

  function_name  = var.function_name
  alias          = var.alias
  target_version = var.target_version
  application    = var.application
  group          = var.group
  hooks          = var.hooks
  trigger        = "none"
}

locals {
  detail = merge(
    module.alias.request,
    var.deployment_config_name == null ? {} : { deploymentConfigName = var.deployment_config_name },
    var.description == null ? {} : { description = var.description },
  )
}

resource "terraform_data" "wanted" {
  input = { version = var.target_version, redeploy = var.redeploy }

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.aws_events_put_events.deploy]
    }
  }
}

action "aws_events_put_events" "deploy" {
  config {
    entry {
      source         = "terraform"
      detail_type    = "Deployment Requested"
      event_bus_name = var.event_bus_name
      detail         = jsonencode(local.detail)
    }
  }
}
