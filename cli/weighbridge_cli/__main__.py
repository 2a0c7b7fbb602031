"""`python -m weighbridge_cli` is `weighbridge`."""

from weighbridge_cli.main import run

if __name__ == "__main__":
    run()
