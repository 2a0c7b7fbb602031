"""What an alias is held by."""

from weighbridge.core.service_role import ServiceRole, alias_lock


def test_an_alias_is_held_with_its_account_where_that_is_not_the_installations() -> None:
    """An alias of the installation's own account is held as it always was: by deployments from before an upgrade, too."""
    here, there = (ServiceRole(f"arn:aws:iam::{account}:role/path/shop", "shop/prod") for account in ("1" * 12, "2" * 12))
    assert alias_lock("shop", "live", None, "1" * 12) == "shop:live"
    assert alias_lock("shop", "live", here, "1" * 12) == "shop:live"
    assert alias_lock("shop", "live", there, "1" * 12) == "222222222222/shop:live"
