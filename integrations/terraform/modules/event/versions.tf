terraform {
  # Actions are in the language since 1.14. OpenTofu has none: use the module above this one, with a file.
  required_version = ">= 1.14"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.14"
    }
  }
}
