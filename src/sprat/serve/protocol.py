"""HTTP on the wire, with bounds that uvicorn leaves to others."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools."""
