"""The command `weighbridge`: deploys, waits, watches, stops, undoes and explains, by the API of an installation.

main       the command and its verbs, each loaded when it is asked for
verbs      one module a group of verbs: what a verb asks for, and in which order
options    what every verb takes, and how what is typed is read
requests   from what was typed to what the API is asked
progress   what a deployment's progress says
following  looks at a deployment until what is waited for is reached
news       from one look to the next: a line, an event for each change
tree       the same as a tree for a terminal
explain    the same in words
records    the same as JSON
output     which of these it is, and what GitHub Actions gets
aws        sessions, the installation, calls, and what to do about their errors
proxy      signs what stock clients of CodeDeploy send
transform  what the macro makes of a template

Only `aws`, `proxy` and `transform` know the SDK, and only `tree` knows rich: `--help` has to load neither.
"""

__version__ = "0.1.0"
