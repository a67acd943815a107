"""What the page says of itself under "About"."""

from sprat.chat.desk import Desk


def about(desk: Desk) -> str:
    """Markdown: who answers, from what, and what is kept where."""
    rows = "\n".join(f"- **{profile.name}**: {profile.about}" for profile in desk.profiles)
    return f"# Sprat\n\n{_documents(desk)}\n\n## Who answers\n\n{rows}\n\n{_KEPT}"


def _documents(desk: Desk) -> str:
    if desk.store is None:
        return (
            "A chat with models that run where you started it. Upload a file, and the answers come "
            "from what it says."
        )
    info = desk.store.info()
    return (
        f"Answers come from {info.documents} documents ({info.passages} passages), each with the "
        "place where it says so. A click on `[1]` opens the passage. What the documents do not "
        "say, Sprat does not either. An uploaded file is searched too, in its own chat only."
    )


_KEPT = """## What is kept

The conversations, uploads and thumbs stay in a folder on the machine where the chat runs, until you
delete the chat. Nothing is sent anywhere, unless a model was named that answers elsewhere.
"""
