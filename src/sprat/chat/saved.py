"""Files as a browser gets them."""

from pathlib import Path

from fastapi.responses import FileResponse

from sprat.chat.history.attachments import is_shown


def saved(file: Path, media: str | None, name: str) -> FileResponse:
    """Shown in the browser where that is safe, else saved; nothing in it may run or load."""
    shown = is_shown(media)
    response = FileResponse(
        file,
        media_type=media if shown else "application/octet-stream",
        filename=name,
        content_disposition_type="inline" if shown else "attachment",
    )
    response.headers["content-security-policy"] = "default-src 'none'; sandbox"
    return response
