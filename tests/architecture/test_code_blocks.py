"""What the pages have to copy has been run: each code block is held by a test, or it is said here why it is not."""

from collections import Counter

import pytest

from tests.architecture.blocks import PAGES, blocks
from tests.architecture.test_threat_model import is_test

Place = tuple[str, str]
"""A page and a heading on it."""

RUN: dict[Place, tuple[int, str]] = {
    ("README.md", "Try it"): (1, "tests/architecture/test_readme.py::test_every_command_is_a_target"),
    ("README.md", "Use it"): (2, "tests/cli/test_manual.py::test_what_the_readme_has_to_type_is_read_by_the_command"),
    ("README.md", "What to drop where"): (
        3,
        "tests/architecture/test_readme.py::test_the_files_to_copy_are_read_as_they_stand",
    ),
    ("README.md", "From the stack that defines the function"): (
        1,
        "tests/workflow/test_examples.py::test_each_example_is_created_at_once_and_updated_gradually",
    ),
    ("README.md", "What happens"): (1, "tests/architecture/test_readme.py::test_the_picture_is_drawn_from_the_definition"),
    ("README.md", "What it does not do yet"): (
        2,
        "tests/workflow/test_readme.py::test_a_person_approves_and_alarms_are_watched_after_all_traffic_has_moved",
    ),
    ("events/README.md", "Call a handler with one"): (
        1,
        "tests/workflow/test_readme.py::test_a_handler_is_called_with_an_event",
    ),
    ("docs/aliases-of-stacks.md", "What happens then"): (1, "tests/workflow/test_aliases_of_stacks.py"),
    ("docs/from-codedeploy.md", "On the local cloud"): (2, "tests/workflow/test_from_codedeploy.py"),
    ("docs/from-codedeploy.md", "On AWS"): (3, "tests/workflow/test_from_codedeploy.py"),
    ("docs/stacks.md", "What the macro does"): (
        1,
        "tests/cli/test_transform.py::test_an_example_is_expanded_as_cloudformation_would",
    ),
    **{
        ("docs/pipelines.md", heading): (blocks_there, "tests/workflow/test_pipelines.py")
        for heading, blocks_there in (("By hand", 2), ("CodePipeline", 1), ("Another state machine", 1))
    },
    **{
        ("docs/terraform.md", tool): (1, "tests/workflow/test_terraform.py::test_the_file_of_a_program_is_deployed")
        for tool in ("Pulumi", "SST")
    },
    ("docs/terraform.md", "Terraform and OpenTofu"): (
        1,
        "tests/integrations/test_terraform.py::test_a_call_of_the_module_in_a_page_gives_what_it_takes",
    ),
    ("docs/pipelines.md", "Deploying from pipelines, schedules and state machines"): (
        1,
        "tests/architecture/test_readme.py::test_the_picture_is_drawn_from_the_definition",
    ),
    ("docs/pipelines.md", "EventBridge Scheduler"): (1, "tests/workflow/test_pipelines.py"),
    ("docs/operations.md", "Following a drop"): (1, "tests/workflow/test_following.py"),
    ("docs/operations.md", "On call"): (7, "tests/workflow/test_on_call.py"),
    ("docs/operations.md", "More about a deployment"): (
        2,
        "tests/workflow/test_on_call.py::test_what_else_there_is_to_paste",
    ),
    ("docs/operations.md", "When a rollback is held up"): (
        1,
        "tests/workflow/test_on_call.py::test_what_else_there_is_to_paste",
    ),
    ("docs/operations.md", "Several teams in one installation"): (5, "tests/workflow/test_teams.py"),
    ("docs/operations.md", "Running it"): (2, "tests/workflow/test_upkeep.py"),
}
"""How many blocks stand there, and what runs them."""
PARTLY: dict[Place, tuple[int, str, str]] = {
    ("docs/aliases-of-stacks.md", "How to keep them apart"): (
        3,
        "tests/infra/test_aliases_of_stacks.py",
        "Of SAM, the CDK and Terraform only the CDK is installed here; SAM's translator leaves the alias of that template alone.",
    ),
}
"""The same, and why not all of it is run as it stands."""
NOT_RUN: dict[Place, tuple[int, str]] = {
    ("README.md", "Deploy it to AWS"): (1, "It needs an AWS account."),
    ("docs/architecture.md", "Architecture"): (1, "A drawing."),
    ("docs/operations.md", "Who is notified"): (
        1,
        "A topic's policy, which the local cloud does not ask when an alarm fires.",
    ),
}


def test_every_block_is_listed_and_no_other() -> None:
    there = Counter((block.page, block.heading) for page in PAGES for block in blocks(page))
    listed = [*RUN.items(), *PARTLY.items(), *NOT_RUN.items()]
    assert dict(there) == {place: row[0] for place, row in listed}
    assert len(there) == len(listed)


@pytest.mark.parametrize("test", sorted({row[1] for row in [*RUN.values(), *PARTLY.values()]}))
def test_what_runs_it_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    assert is_test(path, name)
