"""The local cloud: an AWS emulator as a child process, its gaps filled, with the synthesized stack deployed to it."""
