"""The sample function in three versions, and the files that deploy them."""
