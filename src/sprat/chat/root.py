"""The folder that Chainlit takes for its app: made anew at each start, never the user's own."""

import errno
import hashlib
import hmac
import json
import os
import secrets
import shutil
import socket
from importlib.resources import files
from pathlib import Path
from typing import Any

from sprat.errors import SettingsError
from sprat.settings import Settings

MOST_FILES = 8
"""Files in one upload."""
MOST_FILE_MB = 32
"""The largest uploaded file, in MiB."""
ACCEPTED = {
    "application/pdf": [".pdf"],
    "text/*": [".txt", ".md", ".markdown", ".html", ".htm", ".csv", ".py", ".rst"],
    "application/vnd.ms-excel": [".csv"],
    "application/vnd.openxmlformats-officedocument.*": [".docx", ".pptx", ".xlsx"],
    "application/octet-stream": [".md", ".markdown", ".rst", ".txt", ".csv", ".py"],
}
_SECRET_BYTES = 48
_EVERY = ("0.0.0.0", "127.0.0.1", "::", "::1")  # noqa: S104 - tried, not listened at
_WORDS: dict[str, str] = {
    "chat.input.placeholder": "Ask a question",
    "chat.messages.status.using": "",
    "chat.messages.status.used": "",
    "chat.watermark": "The model runs where you started it, and can be wrong: look at the sources.",
    "auth.login.title": "Sign in",
    "auth.login.form.email.label": "Name",
    "auth.login.form.email.placeholder": "any name: it keeps your chats apart",
    "auth.login.errors.default": "That is not the password.",
    "navigation.header.readme": "About",
    "threadHistory.sidebar.empty": "No chats yet",
    "threadHistory.thread.untitled": "A chat without a name",
}


def chat_folder(settings: Settings) -> Path:
    """Where everything of the chat is kept: history, attachments, uploads, its secret."""
    return settings.runs_file.parent / "chat"


def make_root(folder: Path, about: str) -> Path:
    """Write Chainlit's configuration and our files below `folder`; give the folder back.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
        public = folder / "public"
        public.mkdir(parents=True, mode=0o700)
        (folder / ".chainlit" / "translations").mkdir(parents=True)
        (folder / ".chainlit" / "config.toml").write_text(_configuration(), "utf-8")
        (folder / "chainlit.md").write_text(about, "utf-8")
        (folder / "chainlit_en-US.md").write_text(about, "utf-8")
        for name in ("chat.css", "theme.json", "logo_light.svg", "logo_dark.svg"):
            _copy(name, public / name)
        _copy("icon.svg", public / "favicon.svg")
    except OSError as error:
        raise SettingsError(
            f"{error.filename or folder} cannot be written: {error.strerror}.",
            fix="Set SPRAT_HOME to a folder that can.",
        ) from error
    return folder


def sweep(folder: Path) -> None:
    """Remove what chats left that were killed: of the ports at which nobody listens any more."""
    if not folder.is_dir():
        return
    for left in folder.iterdir():
        if left.name.isdecimal() and all(_is_free(host, int(left.name)) for host in _EVERY):
            shutil.rmtree(left, ignore_errors=True)


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.bind((host, port))
    except OSError as error:
        # Without IPv6 there is no such address, and nobody listens at it.
        return error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
    return True


def translate(folder: Path, original: Path) -> None:
    """Put Chainlit's English words into the app, some of them ours.

    Its other languages stay out: the rest of what the chat says is English.
    """
    words = json.loads(original.read_text("utf-8"))
    for path, text in _WORDS.items():
        *parents, last = path.split(".")
        place: dict[str, Any] = words
        for parent in parents:
            place = place[parent]
        place[last] = text
    (folder / ".chainlit" / "translations" / "en-US.json").write_text(json.dumps(words), "utf-8")


def secret_in(folder: Path) -> str:
    """The secret of this chat: made once, readable by its owner only.

    Raises:
        SettingsError: it cannot be kept.
    """
    file = folder / "secret"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            _make_secret(folder, file)
        found = file.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be kept: {error.strerror}.",
            fix="Set SPRAT_HOME to a folder that can be written.",
        ) from error
    if len(found) < 32:
        raise SettingsError(f"{file} is damaged.", fix="Remove it: everyone signs in again.")
    return found


def signing_key(folder: Path, password: str | None) -> str:
    """What signs sessions: of the secret and the password, so that a new one lets nobody stay.

    Raises:
        SettingsError: the secret cannot be kept.
    """
    secret = secret_in(folder).encode()
    return hmac.new(secret, (password or "").encode(), hashlib.sha256).hexdigest()


def _make_secret(folder: Path, file: Path) -> None:
    """Under a name of its own first, then linked: two starts at once agree on one secret."""
    draft = folder / f"secret.{secrets.token_hex(4)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(secrets.token_urlsafe(_SECRET_BYTES))
    try:
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def source_element() -> str:
    """The page's own element that draws a source."""
    return files("sprat.chat").joinpath("files", "Source.jsx").read_text("utf-8")


def _copy(name: str, target: Path) -> None:
    target.write_bytes(files("sprat.chat").joinpath("files", name).read_bytes())


def _configuration() -> str:
    accept = ", ".join(
        f"{json.dumps(kind)} = {json.dumps(ends)}" for kind, ends in ACCEPTED.items()
    )
    return f"""\
[project]
user_env = []
session_timeout = 3600
user_session_timeout = 1296000
cache = false
allow_origins = []

[features]
unsafe_allow_html = false
latex = false
user_message_markdown = false
auto_tag_thread = true
edit_message = true
allow_thread_sharing = false
favorites = false

[features.spontaneous_file_upload]
enabled = true
accept = {{ {accept} }}
max_files = {MOST_FILES}
max_size_mb = {MOST_FILE_MB}

[features.audio]
enabled = false

[features.mcp]
enabled = false

[UI]
name = "Sprat"
description = "A chat that runs on this machine."
language = "en-US"
default_theme = "light"
cot = "full"
confirm_new_chat = false
custom_css = "/public/chat.css"
custom_meta_url = "/"
custom_meta_image_url = "/favicon"

[meta]
generated_by = "2.12.0"
"""
