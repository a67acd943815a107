"""`sprat policy` as its users meet it, and a policy asked by its name."""

import json
from pathlib import Path

import pytest
from tests.cli.calling import run

from sprat.policies.file import read_policy
from sprat.settings import Settings


@pytest.fixture(autouse=True)
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scripts in the working folder."""
    monkeypatch.chdir(tmp_path)
    small = '[[rule]]\ncontains = "France"\ntext = "Paris."\n[[rule]]\ntext = "I do not know."\n'
    Path("small.toml").write_text(small, "utf-8")
    Path("large.toml").write_text('[[rule]]\ntext = "Kuala Lumpur."\n', "utf-8")


BOTH = ("--small", "scripted:small.toml", "--large", "scripted:large.toml")


def test_a_policy_is_made_kept_and_asked_by_its_name(capsys, monkeypatch, tmp_path):
    code, out, err = run(capsys, "policy", "new", "fallback", *BOTH, "--name", "mine")
    assert code == 0
    assert out == 'Try it: sprat ask policy:mine "…"\n'
    assert "policies/mine.json" in err.replace("\\", "/")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")  # its models are found from any folder
    code, out, err = run(capsys, "ask", "policy:mine", "Capital of Malaysia?")
    assert (code, out) == (0, "Kuala Lumpur.\n")
    assert "[escalated: 6 tokens in, 6 out paid]" in err
    assert "says that it does not know" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("cascade",), "by rules, uncalibrated"),
        (("refine", "--when", "flagged", "--flag", "tax"), "those with a fault, with 'tax' in"),
        (("refine", "--long", "300"), "drafts of 300 characters and those with a fault"),
        (("verify",), "the large model's own answer, its draft read"),
        (("verify", "--how", "keep", "--tolerance", "1.5"), "finds 1.5 nats worse"),
        (("fallback", "--timeout", "2.5"), "no answer within 2.5 s"),
        (("shadow", "--share", "0.25"), "25% of the requests are compared"),
        (("fallback", "--most-chars", "800"), "prompts over 800 characters: the large model"),
        (("fallback", "--stay-here"), "nothing leaves this machine"),
        (("fallback", "--private", "x", "--private", "y"), "one of 2 private patterns stay here"),
        (("fallback", "--budget", "1.5"), "may cost 1.5 USD in 24 hours"),
        (
            ("fallback", "--failures", "5", "--cool-down", "9"),
            "5 failures in a row: left alone for 9 s",
        ),
        (("fallback", "--tools", "small"), "conversations with tools: the small model"),
    ],
)
def test_every_kind_is_made_and_shown(capsys, arguments: tuple[str, ...], told: str):
    assert run(capsys, "policy", "new", *arguments, *BOTH, "--name", "p")[0] == 0
    code, out, _ = run(capsys, "policy", "show", "p")
    assert code == 0
    assert told in out
    assert "certified  no" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("refine", "--share", "0.2"), "--share says nothing to a policy of kind refine"),
        (("shadow", "--flag", "x"), "--flag says nothing to a policy of kind shadow"),
        (("fallback", "--name", "../x"), "'../x' is no name for a policy"),
        (("fallback", "--private", "("), "'(' is no regular expression"),
        (("fallback", "--small", "smolm2-135m"), "The small model of fallback"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(capsys, settings: Settings, arguments, said):
    code, _, err = run(capsys, "policy", "new", *BOTH, *arguments)
    assert code in {1, 2}
    assert err.count("\n") == 1
    assert said in err
    assert not settings.policies_dir.exists()


def test_a_policy_is_not_written_over_unless_that_is_asked_for(capsys):
    assert run(capsys, "policy", "new", "fallback", *BOTH)[0] == 0
    code, _, err = run(capsys, "policy", "new", "fallback", *BOTH)
    assert (code, "--force" in err) == (2, True)
    assert run(capsys, "policy", "new", "fallback", *BOTH, "--force")[0] == 0


def test_it_is_written_where_asked_for_and_used_from_there(capsys):
    code, out, _ = run(capsys, "policy", "new", "fallback", *BOTH, "--out", "here.json")
    assert (code, out) == (0, 'Try it: sprat ask policy:here.json "…"\n')
    code, out, _ = run(capsys, "ask", "policy:here.json", "Capital of France?")
    assert (code, out) == (0, "Paris.\n")


def test_an_edited_policy_is_refused_until_it_is_signed(capsys, settings: Settings):
    run(capsys, "policy", "new", "fallback", *BOTH, "--name", "mine")
    file = settings.policies_dir / "mine.json"
    data = json.loads(file.read_text("utf-8"))
    data["rules"]["unknown"] = False
    file.write_text(json.dumps(data), "utf-8")
    code, _, err = run(capsys, "ask", "policy:mine", "Capital of Malaysia?")
    assert code == 1
    assert "was edited after it was signed" in err
    assert "signed     no: edited" in run(capsys, "policy", "show", "mine")[1]
    assert "edited" in run(capsys, "policy", "list")[1]
    code, out, _ = run(capsys, "policy", "sign", "mine")
    assert (code, read_policy(file).sha256 in out) == (0, True)
    assert run(capsys, "ask", "policy:mine", "Capital of Malaysia?")[1] == "I do not know.\n"


def test_the_list_says_what_there_is(capsys):
    code, _, err = run(capsys, "policy", "list")
    assert (code, "sprat policy new" in err) == (0, True)
    run(capsys, "policy", "new", "refine", *BOTH)
    code, out, _ = run(capsys, "policy", "list")
    assert code == 0
    assert out.splitlines()[1].split()[:2] == ["refine", "refine"]
    assert max(map(len, out.splitlines())) <= 100


def test_both_as_json(capsys, settings: Settings):
    run(capsys, "policy", "new", "refine", *BOTH)
    (row,) = json.loads(run(capsys, "policy", "list", "--json", "-")[1])["policies"]
    assert (row["name"], row["kind"], row["standing"]) == ("refine", "refine", "signed")
    shown = json.loads(run(capsys, "policy", "show", "refine", "--json", "-")[1])
    assert shown["policy"]["refine"]["min_chars"] == 600
    assert shown["file"] == str(settings.policies_dir / "refine.json")


def test_an_unknown_one_is_said_with_the_nearest(capsys):
    run(capsys, "policy", "new", "refine", *BOTH)
    code, _, err = run(capsys, "policy", "show", "refin")
    assert (code, "Did you mean policy:refine?" in err) == (2, True)


def test_a_broken_file_does_not_hide_the_others(capsys, settings: Settings):
    run(capsys, "policy", "new", "refine", *BOTH)
    (settings.policies_dir / "broken.json").write_text("{", "utf-8")
    code, out, _ = run(capsys, "policy", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["NAME", "broken", "refine"]
