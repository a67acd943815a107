"""`sprat policy`: two models as one."""

import click

from sprat.cli.policy_evaluate import evaluate
from sprat.cli.policy_new import new
from sprat.cli.policy_show import list_policies, show, sign


@click.group(epilog="Example: sprat policy new fallback --name mine")
def policy() -> None:
    """Two models as one: make a policy, look at it, evaluate it, sign it."""


policy.add_command(new)
policy.add_command(show)
policy.add_command(list_policies)
policy.add_command(sign)
policy.add_command(evaluate)
