"""The `yichuang` command."""

import click


@click.group()
def main() -> None:
    """One service for public resource trading and joint completion inspections."""
