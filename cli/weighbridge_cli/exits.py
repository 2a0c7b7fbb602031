"""How the command ends. The codes are for pipelines; each message says what to do."""

import click

REACHED = 0
FAILED = 1
REFUSED = 2
STILL_RUNNING = 3
WAITS_FOR_PERSON = 4
OUT_OF_REACH = 5
INTERRUPTED = 130

MEANINGS = {
    REACHED: "what was waited for is reached, or was so already",
    FAILED: "the deployment failed, was stopped or was rolled back; `plan`: it would fail",
    REFUSED: "a mistake in what was typed, or a refusal before anything was touched",
    STILL_RUNNING: "still running at the time-out; it goes on",
    WAITS_FOR_PERSON: "it waits for a person: a hook has returned nothing, and its report is awaited",
    OUT_OF_REACH: "AWS refused the call (credentials, rights) or cannot be reached",
    INTERRUPTED: "Ctrl-C; the deployment goes on",
}


class Failed(click.ClickException):
    exit_code = FAILED


class Refused(click.ClickException):
    """Nothing was touched. `code` is the API's exception, where it is the API that refused."""

    exit_code = REFUSED

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class OutOfReach(click.ClickException):
    """AWS refused, or did not answer; `passes` says whether trying again may help, `code` is AWS's, where it has one."""

    exit_code = OUT_OF_REACH

    def __init__(self, message: str, *, passes: bool = False, code: str = "") -> None:
        super().__init__(message)
        self.passes = passes
        self.code = code
