"""A policy's file: what is read, what is refused, and that an edited one is noticed."""

import json
from pathlib import Path

import msgspec
import pytest
from tests.policies.made import by_mean_logprob, policy

from sprat.errors import PolicyError, UnknownModel
from sprat.policies.file import find_policy, read_policy, signed, write_policy
from sprat.policies.spec import FORMAT, Decision, Gates, Policy
from sprat.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.json"
    write_policy(policy(certificate={"alpha": 0.1, "n": 40}), path)
    return path


def edited(file: Path, **fields: object) -> Path:
    data = json.loads(file.read_text("utf-8")) | fields
    file.write_text(json.dumps(data), "utf-8")
    return file


def test_what_was_written_is_what_is_read(file: Path):
    assert read_policy(file) == signed(policy(certificate={"alpha": 0.1, "n": 40}))


def test_an_edited_file_is_refused_until_it_is_signed_again(file: Path):
    edited(file, mode="probe")
    with pytest.raises(PolicyError, match=r"was edited after it was signed.*sprat policy sign"):
        read_policy(file)
    write_policy(read_policy(file, unsigned=True), file)
    assert read_policy(file).mode == "probe"


def test_the_order_of_its_fields_and_its_white_space_are_no_edit(file: Path):
    data = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(dict(reversed(data.items())), indent=7), "utf-8")
    assert read_policy(file).name == "p"


def test_a_file_that_nobody_signed_is_refused(file: Path):
    edited(file, sha256="")
    with pytest.raises(PolicyError, match=r"is not signed.*sprat policy sign"):
        read_policy(file)


def test_the_hash_is_over_everything_but_itself():
    one, other = signed(policy()), signed(policy(mode="probe"))
    assert one.sha256 != other.sha256
    assert signed(one).sha256 == one.sha256


def test_a_newer_format_is_said(file: Path):
    edited(file, format=FORMAT + 1, news=[])
    with pytest.raises(
        PolicyError, match=r"is of format 2; this Sprat reads up to 1.*Update Sprat"
    ):
        read_policy(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "holds no JSON object"),
        ('{"name": "p"}', "missing required field `kind`"),
        ('{"colour": "red"}', "is no policy"),
    ],
)
def test_what_is_no_policy_is_said(tmp_path: Path, text: str, said: str):
    path = tmp_path / "bad.json"
    path.write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=said):
        read_policy(path, unsigned=True)


def test_an_unknown_field_is_named(file: Path):
    edited(file, gates={"tool": "large"})
    with pytest.raises(PolicyError, match="unknown field `tool`"):
        read_policy(file, unsigned=True)


def test_a_missing_file_is_said(tmp_path: Path):
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (policy("refine", mode="probe"), "mode 'probe' is for cascades"),
        (policy(mode="pre", decision=Decision()), "needs decision.logistic"),
        (policy(gates=Gates(private=("(",))), "no regular expression"),
        (msgspec.structs.replace(policy(), name="../p"), "no name for a policy"),
        (
            policy(
                decision=Decision(logistic=msgspec.structs.replace(by_mean_logprob(), scales=()))
            ),
            "not of one length",
        ),
        (
            policy(
                decision=Decision(
                    logistic=msgspec.structs.replace(by_mean_logprob(), scales=(0.0,))
                )
            ),
            "a scale is zero",
        ),
    ],
)
def test_what_makes_no_sense_is_not_written(tmp_path: Path, bad: Policy, said: str):
    with pytest.raises(PolicyError, match=said):
        write_policy(bad, tmp_path / "p.json")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_what_was_there(file: Path, monkeypatch: pytest.MonkeyPatch):
    before = file.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space")))
    with pytest.raises(PolicyError, match="No space"):
        write_policy(policy("refine"), file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["p.json"]


def test_a_name_is_looked_for_among_the_kept_ones(settings: Settings):
    write_policy(policy(), settings.policies_dir / "mine.json")
    assert find_policy("mine", settings) == settings.policies_dir / "mine.json"
    assert find_policy("policy:mine", settings) == settings.policies_dir / "mine.json"


def test_a_path_is_itself(settings: Settings, file: Path):
    assert find_policy(str(file), settings) == file


def test_a_near_name_is_suggested(settings: Settings):
    write_policy(policy(), settings.policies_dir / "invoices.json")
    with pytest.raises(UnknownModel, match="Did you mean policy:invoices"):
        find_policy("invoice", settings)
    with pytest.raises(UnknownModel, match="sprat policy list"):
        find_policy("zzz", settings)


@pytest.mark.parametrize("name", ["../mine", "/etc/passwd.json", "", ".", "a/b"])
def test_no_name_leaves_the_folder_of_kept_ones(settings: Settings, name: str):
    write_policy(policy(), settings.policies_dir.parent / "mine.json")
    with pytest.raises(UnknownModel):
        find_policy(name, settings)
