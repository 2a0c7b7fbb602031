"""How long the cases wait for what, in seconds, and what is in time."""

RECEIVED_SECONDS = 900
"""S3 takes five minutes to tell EventBridge of a bucket's events; three times that is too long."""
AGAIN_SECONDS = 15
REACTION_SECONDS = 10.0
"""Within so many seconds of an alarm all traffic is back, by the README's "within seconds"."""
SCHEDULE_SECONDS = 420
"""Of a run of the schedule every five minutes, and what it starts."""
BUSY_SECONDS = 120
SLOW_SECONDS = 400
"""A connection that is idle for 350 seconds is forgotten by what lies between."""
ALARM_SECONDS = 300
"""What is counted in a log is a metric a minute or two later, and an alarm looks once a minute."""
DEAD_LETTER_SECONDS = 420
"""Lambda tries an event that a function failed on again after one and after two minutes."""
DENIED_SECONDS = 60
NEWS_SECONDS = 1200
"""Of the table's stream what cannot be told is tried again for a quarter of an hour."""
PENDING_SECONDS = 600
UPDATE_SECONDS = 900
RIGHTS_SECONDS = 60
"""A new role's rights are not known everywhere at once."""
