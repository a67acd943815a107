"""What `sprat chat` refuses before anything is opened."""

from sprat.errors import UsageError

_SHORTEST = 12
"""Characters of a password that other machines can try to guess."""


def check_models(model: str | None, pair: tuple[str | None, str | None]) -> None:
    """See that it is one model, or two.

    Raises:
        UsageError: it is both.
    """
    if model and any(pair):
        raise UsageError("--model is one model; --small and --large are two.", fix="Take either.")


def check_password(host: str, password: str | None) -> None:
    """See that where other machines reach it a password holds them up.

    Raises:
        UsageError: there is none, or it is short; or an empty one is given.
    """
    from sprat.serve.guard.bind import is_loopback

    if password is not None and not password:
        raise UsageError("The password is empty.", fix="Leave it out, or give one.")
    if host == "localhost" or is_loopback(host):
        return
    if password is None:
        raise UsageError(
            f"{host} can be reached from other machines, and no password is set.",
            fix="Set SPRAT_CHAT_PASSWORD, or leave out --host.",
        )
    if len(password) < _SHORTEST:
        raise UsageError(
            f"{host} can be reached from other machines, and the password has only "
            f"{len(password)} characters.",
            fix=f"Take {_SHORTEST} or more.",
        )


def check_names(hosts: tuple[str, ...]) -> None:
    """See that each further name is one.

    Raises:
        UsageError: it is none.
    """
    from sprat.errors import SettingsError
    from sprat.serve.guard.hosts import hosts_of
    from sprat.settings import ServeSettings

    for host in hosts:
        try:
            hosts_of(ServeSettings(hosts=(host,)), "127.0.0.1", 0)
        except SettingsError as error:
            raise UsageError(f"{host!r} is no host.", fix="Try: --allow-host box:8000") from error
