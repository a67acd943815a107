"""Files → documents: one small module per medium; what a file is, its bytes say first."""

from sprat.rag.read.file import (
    bytes_of,
    document_of,
    file_name,
    is_there,
    read_bytes,
    read_file,
)

__all__ = ["bytes_of", "document_of", "file_name", "is_there", "read_bytes", "read_file"]
