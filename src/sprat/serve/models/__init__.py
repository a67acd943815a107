"""The models behind the gateway: their names, places, loading and unloading."""
