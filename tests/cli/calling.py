"""The command line, called within the test's own process."""

from sprat.cli import main


def run(capsys, *arguments):
    """Call `sprat` as from a shell: (exit code, standard output, standard error)."""
    capsys.readouterr()
    code = 0
    try:
        main(list(arguments))
    except SystemExit as stop:
        code = stop.code or 0
    out, err = capsys.readouterr()
    return code, out, err
