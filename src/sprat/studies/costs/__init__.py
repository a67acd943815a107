"""Studies → what a forecast of costs is made of."""
