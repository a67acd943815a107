"""`sprat policy`: two models as one."""

import click

from sprat.cli.policy_evaluate import evaluate


@click.group(epilog="Example: sprat policy evaluate mine --from latest")
def policy() -> None:
    """Look at policies: two models as one."""


policy.add_command(evaluate)
