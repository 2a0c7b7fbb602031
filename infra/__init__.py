"""The infrastructure of Weighbridge; it treats functions/ and statemachine/ as files and imports nothing of them."""
