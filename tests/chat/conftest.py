"""Chainlit makes folders where it is imported: here, somewhere that goes away."""

import atexit
import os
import shutil
import tempfile
import warnings

_ROOT = tempfile.mkdtemp(prefix="sprat-chat-tests-")
atexit.register(shutil.rmtree, _ROOT, ignore_errors=True)
os.environ["CHAINLIT_APP_ROOT"] = _ROOT
os.environ["CHAINLIT_ENV_FILE"] = "no.env"
os.environ["CHAINLIT_AUTH_SECRET"] = "not a secret: of the tests, and long enough"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import chainlit.server  # noqa: F401
