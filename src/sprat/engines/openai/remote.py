"""What everything behind an endpoint has in common: a name, a model, and connections."""

from sprat.engines.openai.http import Client, label_of
from sprat.engines.openai.limits import Limits
from sprat.settings import Endpoint


class Remote:
    """One model of one endpoint."""

    pids: tuple[int, ...] = ()

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        model: str,
        *,
        label: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Connect nothing yet; `label` is what the endpoint is called in `sprat.toml`.

        Raises:
            SettingsError: `endpoint.key_env` names a variable that is not set.
        """
        self.name = name
        self._model = model
        self._client = Client(
            label or label_of(name, model), endpoint, limits or Limits.of(endpoint)
        )

    async def aclose(self) -> None:
        """Close the connections. Safe to call twice."""
        await self._client.aclose()
