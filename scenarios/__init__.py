"""The words in which tests and `verify` tell what happens: given an application, when an alarm fires, traffic is back."""
