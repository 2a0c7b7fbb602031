"""The verbs, a module a group of them; each command has the name of its verb."""
