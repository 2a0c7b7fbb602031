"""The demo: two deployments of a sample function under live traffic, one that succeeds and one that has to be reversed.

story     what happens, in order
user      what somebody who uses Weighbridge does and sees, through AWS's own APIs
traffic   the requests to the alias
progress  how far a deployment is, from its record and its alias
verdict   how it ended, and whether that is how it should have
display   the terminal, or plain lines
shop      the sample function, and the files that are dropped
"""
