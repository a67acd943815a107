"""`sprat calibrate`, `sprat runs export` and `sprat policy evaluate`, with scripted models."""

import gzip
import json
import os
import sqlite3
from pathlib import Path

import msgspec
import pytest
from tests.cli.calling import run
from tests.studies.hybrid.pair import MODELS, N, write_pair

from sprat.policies.file import read_policy, write_policy
from sprat.policies.outcomes import read_log
from sprat.policies.spec import Policy, Refine, Side


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A folder in which both models were asked everything; read, never written."""
    folder = tmp_path_factory.mktemp("asked")
    write_pair(folder)
    return folder


@pytest.fixture
def place(asked, tmp_path, monkeypatch):
    """In that folder, with a home of its own for the policies."""
    monkeypatch.chdir(asked)
    monkeypatch.setenv("SPRAT_HOME", str(asked / "home"))
    return tmp_path


@pytest.fixture
def study(place, capsys, asked):
    """The id of the study; asked once for all tests."""
    mark = asked / "study"
    if not mark.exists():
        code, _, err = run(
            capsys, "compare", *MODELS, "--questions", "cases.jsonl", "--logprobs", "--json", "-"
        )
        assert code == 0, err
        mark.write_text(err.rsplit(maxsplit=1)[-1])
    return mark.read_text()


def calibrated(capsys, study, *more):
    return run(capsys, "calibrate", "--from", study, *more)


def test_it_asks_certifies_writes_and_says_how_to_use_it(tmp_path, monkeypatch, capsys):
    write_pair(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    code, out, err = run(
        capsys, "calibrate", *MODELS, "--questions", "cases.jsonl", "--target-error", "0.2",
        "--name", "mine",
    )  # fmt: skip
    assert code == 0, err
    assert f"{2 * N}/{2 * N} answers" in err
    assert err.strip().endswith('Use it: sprat ask policy:mine "…"')
    first = out.strip().splitlines()[0]
    assert first.startswith("scripted:small.toml is wrong on")  # the floor, before anything else
    assert out.index("an oracle must escalate") < out.index("Certified") < out.index("APGR")
    assert "random escalation has 0.50" in out
    policy = read_policy(tmp_path / "home" / "policies" / "mine.json")
    assert policy.certificate["target_error"] == 0.2
    assert policy.certificate["upper"] <= 0.2
    assert policy.evaluation["refused"] == []
    assert policy.sampling == {"temperature": 0.0}
    assert policy.small.identity["script_sha256"]
    assert list(policy.shadow.baseline) == sorted(policy.shadow.baseline)


def test_the_policy_that_was_written_decides_as_it_was_evaluated(study, place, capsys):
    code, _, err = calibrated(
        capsys, study, "--target-error", "0.2", "--out", str(place / "p.json")
    )
    assert code == 0, err
    answers = {
        n: run(capsys, "ask", f"policy:{place / 'p.json'}", f"Twice {n}? case {n:03d}")[1].strip()
        for n in (41, 43)
    }
    # 41 is easy: the small model's answer; 43 is not, and the small model would say 87.
    assert answers == {41: "82", 43: "86"}


def test_what_cannot_be_certified_is_refused_and_says_how_many_labels_would_do(
    study, place, capsys
):
    target = place / "p.json"
    code, out, err = calibrated(capsys, study, "--target-error", "0.1", "--out", str(target))
    assert code == 1
    assert "Not certifiable: of the" in err
    assert "labelled questions to certify on would do" in err
    assert err.strip().endswith("To have it all the same: --force.")
    assert "APGR" in out
    assert not target.exists()


def test_force_writes_it_and_the_file_says_what_is_wrong_with_it(study, place, capsys):
    target = place / "p.json"
    code, _, err = calibrated(
        capsys, study, "--target-error", "0.03", "--force", "--out", str(target)
    )
    assert code == 0, err
    assert "Written all the same, as --force says: Not certifiable" in err
    policy = read_policy(target)
    assert policy.certificate is None
    assert policy.evaluation["refused"][0].startswith("Not certifiable")


def test_a_confidence_that_tells_nothing_is_refused(tmp_path, monkeypatch, capsys):
    write_pair(tmp_path, chance=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    code, _, err = run(
        capsys, "calibrate", *MODELS, "--questions", "cases.jsonl", "--target-error", "0.6"
    )
    assert code == 1
    assert "It does not beat random escalation: APGR" in err
    assert not (tmp_path / "home" / "policies").exists()


def test_without_log_probabilities_rules_decide_and_are_called_so(tmp_path, monkeypatch, capsys):
    write_pair(tmp_path, logprobs=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    code, out, err = run(
        capsys, "calibrate", *MODELS, "--questions", "cases.jsonl", "--target-error", "0.5",
        "--force", "--name", "ruled",
    )  # fmt: skip
    assert code == 0
    assert "by rules: uncalibrated" in " ".join(out.split())
    assert "It escalates nothing: use scripted:small.toml alone." in err
    policy = read_policy(tmp_path / "home" / "policies" / "ruled.json")
    assert policy.decision.logistic is None
    assert policy.certificate is not None  # the rules accept everything, and that can be tested


def test_a_budget_is_kept_to(study, place, capsys):
    code, out, err = calibrated(
        capsys, study, "--budget", "0.6", "--json", str(place / "c.json"),
        "--out", str(place / "p.json"),
    )  # fmt: skip
    assert code == 0, err
    assert "is the best for the budget" in out
    found = json.loads((place / "c.json").read_text("utf-8"))
    assert found["certificate"]["share"] <= 0.6
    assert found["floor"] is None
    assert found["file"] == str(place / "p.json")


def test_what_was_not_recorded_is_said(study, place, capsys):
    for option, said in ((("--kind", "verify"), "read no such draft"),
                         (("--self-check",), "holds no self_check"),
                         (("--sample",), "holds no agreement")):  # fmt: skip
        code, _, err = calibrated(capsys, study, *option, "--out", str(place / "p.json"))
        assert code == 1
        assert said in err
        assert "Ask anew: leave --from out." in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target-error", "0.1", "--budget", "0.5"), "exclude each other"),
        (("--target-error", "nan"), "--target-error"),
        (("--delta", "1"), "--delta"),
        (("--from", "x.jsonl.gz", "--limit", "5"), "--from asks nothing anew"),
        (("--kind", "verify", "--mode", "pre"), "has no --mode pre"),
        (("--out", "-"), "not written to standard output"),
        (("--out", "no/such/folder/p.json"), "There is no folder"),
    ],
)
def test_wrong_use_is_one_clear_line(place, capsys, arguments, said):
    code, out, err = run(capsys, "calibrate", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_too_few_questions_are_refused_before_anything_is_learned(tmp_path, monkeypatch, capsys):
    write_pair(tmp_path, n=12)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    code, _, err = run(capsys, "calibrate", *MODELS, "--questions", "cases.jsonl")
    assert code == 1
    assert "12 scored questions are too few to learn a confidence from" in err
    assert not (tmp_path / "home" / "runs.db").exists() or "answers" not in err


# -- the log ---------------------------------------------------------------------------------------


def test_a_study_becomes_a_log_from_which_the_same_policy_comes(study, place, capsys):
    log = str(place / "o.jsonl.gz")
    code, out, err = run(capsys, "runs", "export", study, "--out", log)
    assert code == 0, err
    assert f"{2 * N} answers to {N} questions" in out
    assert {model.name for model in read_log(Path(log)).models} == set(MODELS[1::2])
    found = []
    for source, words in ((study, ()), (log, ("--questions", "cases.jsonl"))):
        target = place / "p.json"
        code, _, err = calibrated(
            capsys, source, *words, "--target-error", "0.2", "--replace", "--out", str(target)
        )
        assert code == 0, err
        policy = read_policy(target)
        found.append((policy.decision, policy.certificate, policy.evaluation["apgr"]))
    assert found[0] == found[1]


def test_of_a_log_without_its_questions_no_prompt_is_read_and_that_is_said(study, place, capsys):
    log = str(place / "o.jsonl.gz")
    run(capsys, "runs", "export", study, "--out", log)
    for words, reads in (((), False), (("--questions", "cases.jsonl"), True)):
        target = str(place / "p.json")
        code, _, err = calibrated(
            capsys, log, *words, "--target-error", "0.2", "--replace", "--out", target
        )
        assert code == 0, err
        learned = read_policy(Path(target)).decision.logistic.features
        assert any(name.startswith("prompt_") for name in learned) == reads
        assert ("no prompt is read" in err) != reads


def test_the_same_study_is_the_same_log_to_the_byte(study, place, capsys):
    for name in ("a", "b"):
        run(capsys, "runs", "export", study, "--out", str(place / f"{name}.jsonl.gz"))
    assert (place / "a.jsonl.gz").read_bytes() == (place / "b.jsonl.gz").read_bytes()


def test_a_log_says_what_lacks_log_probabilities(study, place, capsys, asked):
    code, _, err = run(
        capsys, "compare", *MODELS, "--questions", "cases.jsonl", "--limit", "4", "--json", "-"
    )
    assert code == 0, err
    bare = err.rsplit(maxsplit=1)[-1]
    code, out, _ = run(capsys, "runs", "export", bare, "--out", str(place / "o.jsonl.gz"))
    assert code == 0
    assert "(8 without log-probabilities)" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nothing.jsonl.gz", "--out", "o.jsonl.gz"), 1, "There is no outcome log"),
        (("zzz", "--out", "o.jsonl.gz"), 1, "No study"),
        (("latest", "--out", "o.json"), 2, "does not end in .jsonl.gz"),
    ],
)
def test_what_cannot_be_exported_is_one_clear_line(study, capsys, arguments, code, said):
    found, _, err = run(capsys, "runs", "export", *arguments)
    assert found == code
    assert said in err


def test_a_file_that_is_no_log_is_said_to_be_none(place, capsys):
    file = place / "o.jsonl.gz"
    file.write_bytes(gzip.compress(b"[]\n"))
    code, _, err = run(capsys, "calibrate", "--from", str(file))
    assert code == 1
    assert "is no outcome log" in err
    assert os.sep in err


# -- evaluate --------------------------------------------------------------------------------------


@pytest.fixture
def policy_file(study, place, capsys):
    file = place / "cases.json"
    code, _, err = calibrated(capsys, study, "--target-error", "0.2", "--out", str(file))
    assert code == 0, err
    return str(file)


def test_a_policy_is_evaluated_by_path_and_beside_both_models(study, policy_file, place, capsys):
    files = [str(place / name) for name in ("e.json", "e.html", "e.md")]
    code, out, err = run(
        capsys, "policy", "evaluate", policy_file, "--from", study, "--json", files[0],
        "--html", files[1], "--markdown", files[2],
    )  # fmt: skip
    assert code == 0, err
    assert "flatters it" in out  # most of these questions made it
    found = json.loads(Path(files[0]).read_text("utf-8"))
    assert found["n"] == N
    assert found["held_out"] is False
    paths = {line["path"]: line for line in found["paths"]}
    assert set(paths) == {"accepted", "escalated", "all"}
    assert paths["accepted"]["n"] + paths["escalated"]["n"] == paths["all"]["n"] == N
    mean = sum(paths[p]["n"] * paths[p]["score"] for p in ("accepted", "escalated")) / N
    assert paths["all"]["score"] == pytest.approx(mean) == pytest.approx(found["score"]["value"])
    assert "<svg" in Path(files[1]).read_text("utf-8")
    assert "| all |" in Path(files[2]).read_text("utf-8")


def test_only_unseen_questions_are_those_of_the_report(study, policy_file, place, capsys):
    file = place / "e.json"
    code, out, _ = run(
        capsys, "policy", "evaluate", policy_file, "--from", study, "--unseen", "--json", str(file)
    )
    assert code == 0
    assert "flatters" not in out
    found, policy = json.loads(file.read_text("utf-8")), read_policy(Path(policy_file))
    assert found["held_out"] is True
    assert found["n"] == policy.evaluation["n"]
    assert found["apgr"]["value"] == pytest.approx(policy.evaluation["apgr"]["value"])


def test_nothing_to_evaluate_on_is_wrong_use(policy_file, capsys):
    code, _, err = run(capsys, "policy", "evaluate", policy_file)
    assert code == 2
    assert "There is nothing to evaluate it on. Try: --from latest" in err


def test_outcomes_of_other_models_are_refused(study, policy_file, place, capsys):
    file = Path(policy_file)
    other = msgspec.structs.replace(read_policy(file), small=Side(model="smollm2-135m"))
    write_policy(other, file)
    code, _, err = run(capsys, "policy", "evaluate", policy_file, "--from", study)
    assert code == 1
    assert "holds nothing of 'smollm2-135m'" in err


# -- what is asked besides -------------------------------------------------------------------------


def test_a_self_check_is_asked_of_the_model_and_learned_from(tmp_path, monkeypatch, capsys):
    write_pair(tmp_path)
    script = tmp_path / "small.toml"
    check = '\n[[rule]]\ncontains = "is the answer above right"\ntext = "yes"\nlogprobs = [-0.2]\n'
    script.write_text(script.read_text("utf-8") + check, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    code, _, err = run(
        capsys, "calibrate", *MODELS, "--questions", "cases.jsonl", "--self-check", "--sample",
        "--target-error", "0.2", "--name", "checked", "--force",
    )  # fmt: skip
    assert code == 0, err
    assert "Asking what the policy will ask besides" in err
    policy = read_policy(tmp_path / "home" / "policies" / "checked.json")
    assert policy.decision.self_check
    assert policy.decision.sample


def test_the_large_model_reads_drafts_and_what_it_thinks_of_them_is_learned(
    tmp_path, monkeypatch, capsys
):
    write_pair(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    code, _, err = run(
        capsys, "calibrate", *MODELS, "--questions", "cases.jsonl", "--kind", "verify",
        "--target-error", "0.2", "--name", "read", "--json", "c.json", "--force",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads((tmp_path / "c.json").read_text("utf-8"))["evaluation"]
    assert found["judgement"]["auroc"]["value"] == 1.0  # it knows a wrong draft when it reads one
    # It keeps every right draft, and its own answer replaces all wrong ones but those few that an
    # error of 0.2 leaves room for.
    assert found["harm"]["value"] == 0.0
    assert found["small"]["score"] + 0.3 < found["score"]["value"]
    assert found["score"]["value"] >= found["large"]["score"] - 0.2
    code, out, _ = run(capsys, "ask", "policy:read", "Twice 43? case 043")
    assert (code, out.strip()) == (0, "86")


def test_money_is_the_cost_where_both_models_have_a_price(study, place, capsys):
    file = place / "c.json"
    code, _, err = calibrated(
        capsys, study, "--target-error", "0.2", "--out", str(place / "p.json"), "--json", str(file)
    )
    assert code == 0, err
    found = json.loads(file.read_text("utf-8"))["evaluation"]
    assert found["curves"]["unit"] == "usd"
    paths = {line["path"]: line for line in found["paths"]}
    large_usd = found["large"]["cost_usd"]
    assert found["small"]["cost_usd"] == pytest.approx(large_usd / 10)
    assert paths["escalated"]["cost_usd"] == pytest.approx(
        paths["accepted"]["cost_usd"] + large_usd
    )


def test_what_was_recorded_without_a_price_gets_the_one_that_is_known_now(
    tmp_path, monkeypatch, capsys
):
    write_pair(tmp_path)
    priced = tmp_path / "prices.toml"
    (tmp_path / "sprat.toml").rename(priced)
    monkeypatch.chdir(tmp_path)
    asked = run(capsys, "compare", *MODELS, "--questions", "cases.jsonl", "--logprobs")
    assert asked[0] == 0, asked[2]
    units = []
    for config in ((), ("--config", str(priced))):
        run(
            capsys, *config, "calibrate", "--from", "latest", "--target-error", "0.2", "--force",
            "--replace", "--name", "p", "--json", "c.json",
        )  # fmt: skip
        found = json.loads((tmp_path / "c.json").read_text("utf-8"))["evaluation"]
        units.append(found["curves"]["unit"])
    assert units == ["seconds", "usd"]


def test_an_interrupted_calibration_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    write_pair(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    first = run(capsys, "compare", *MODELS, "--questions", "cases.jsonl", "--logprobs")
    assert first[0] == 0, first[2]
    with sqlite3.connect(tmp_path / "home" / "runs.db") as database:
        database.execute("UPDATE studies SET status = 'stopped'")
        database.execute("DELETE FROM answers WHERE position > 300")
    database.close()
    code, _, err = run(
        capsys, "calibrate", "--resume", "--target-error", "0.2", "--name", "resumed"
    )
    assert code == 0, err
    assert "1/400" not in err  # what was answered is not asked again
    assert "400/400 answers" in err


def test_a_study_without_log_probabilities_is_not_gone_on_with(tmp_path, monkeypatch, capsys):
    write_pair(tmp_path, n=20)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    assert run(capsys, "compare", *MODELS, "--questions", "cases.jsonl")[0] == 0
    code, _, err = run(capsys, "calibrate", "--resume", "latest")
    assert code == 1
    assert "No comparison is unfinished" in err
    study = run(capsys, "runs", "list")[1].split()[0]
    code, _, err = run(capsys, "calibrate", "--resume", study)
    assert code == 1
    assert f"{study} keeps no log-probabilities. Start anew without --resume." in err


def test_a_policy_that_asks_more_than_was_recorded_is_evaluated_on_live_models(
    tmp_path, monkeypatch, capsys
):
    write_pair(tmp_path, n=24)
    script = tmp_path / "large.toml"
    script.write_text(script.read_text("utf-8") + '\n[[rule]]\ntext = "0"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    refine = Policy(
        name="refine",
        kind="refine",
        small=Side(model=MODELS[1]),
        large=Side(model=MODELS[3]),
        refine=Refine(when="always"),
    )
    write_policy(refine, tmp_path / "refine.json")
    code, _, err = run(
        capsys, "policy", "evaluate", "refine.json", "--questions", "cases.jsonl",
        "--json", "e.json",
    )  # fmt: skip
    assert code == 0, err
    assert "Asking what the policy asks besides" in err
    found = json.loads((tmp_path / "e.json").read_text("utf-8"))
    # Every draft became "0", which nobody had recorded and which is right of the first alone.
    assert found["score"]["value"] == pytest.approx(1 / 24)
    assert found["harm"]["value"] > 0.4


# -- what is known beforehand ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--name", "../up"), 1, "'../up' is no name for a policy"),
        (("--limit", "60"), 1, "20 to report on, not"),
        (("--out", "there.json"), 2, "There is a policy at there.json already"),
        (("--kind", "verify"), 1, "scripted:small.toml cannot read drafts"),
    ],
)
def test_what_cannot_end_well_is_refused_before_anybody_is_asked(
    tmp_path, monkeypatch, capsys, arguments, code, said
):
    write_pair(tmp_path)
    (tmp_path / "there.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    swapped = ("--small", MODELS[3], "--large", MODELS[1])  # that one's script reads nothing
    found, out, err = run(capsys, "calibrate", *swapped, "--questions", "cases.jsonl", *arguments)
    assert (found, out) == (code, "")
    assert said in err
    assert "answers" not in err


def test_a_policy_that_is_there_is_written_over_only_where_that_is_said(study, place, capsys):
    target = place / "p.json"
    target.write_text("mine", encoding="utf-8")
    arguments = ("--target-error", "0.2", "--out", str(target))
    code, _, err = calibrated(capsys, study, *arguments, "--force")
    assert code == 2
    assert "Give another --name, or --replace." in err
    assert target.read_text("utf-8") == "mine"
    assert calibrated(capsys, study, *arguments, "--replace")[0] == 0
    assert read_policy(target).certificate


def calibrated_pair(capsys, *arguments):
    """Which models were taken for what."""
    Path("p.json").unlink(missing_ok=True)
    code, _, err = run(
        capsys, "calibrate", *arguments, "--target-error", "0.5", "--force", "--out", "p.json"
    )
    assert code == 0, err
    policy = read_policy(Path("p.json"))
    return policy.small.model, policy.large.model


def test_who_is_small_is_what_the_study_says_and_not_who_was_quicker(tmp_path, monkeypatch, capsys):
    """Both ways round, from the study and from its log; and one name tells the other."""
    write_pair(tmp_path)
    for name in ("small.toml", "large.toml"):  # without log-probabilities nothing need be learned
        lines = (tmp_path / name).read_text("utf-8").splitlines()
        kept = "\n".join(line for line in lines if not line.startswith("logprobs"))
        (tmp_path / name).write_text(kept, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    one, other = MODELS[1], MODELS[3]
    for small, large in ((one, other), (other, one)):
        asked = run(
            capsys, "compare", "--small", small, "--large", large, "--questions", "cases.jsonl",
            "--logprobs",
        )  # fmt: skip
        assert asked[0] == 0, asked[2]
        assert run(capsys, "runs", "export", "latest", "--out", "o.jsonl.gz")[0] == 0
        for source in (("--from", "latest"), ("--from", "o.jsonl.gz")):
            for typed in ((), ("--small", small), ("--large", large)):
                assert calibrated_pair(capsys, *source, *typed) == (small, large)
            assert calibrated_pair(capsys, *source, "--small", large) == (large, small)


def test_the_way_back_that_is_printed_works_for_what_is_asked_besides(
    tmp_path, monkeypatch, capsys
):
    write_pair(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))
    first = (
        "calibrate", *MODELS, "--questions", "cases.jsonl", "--kind", "verify", "--target-error",
        "0.2", "--force", "--name", "p",
    )  # fmt: skip
    code, _, err = run(capsys, *first)
    assert code == 0, err
    printed = next(line for line in err.splitlines() if line.startswith("Recorded."))
    back = printed.split("with: sprat ")[1].split()
    assert back[-2:] == ["--kind", "verify"]
    code, _, again = run(
        capsys, *back, "--target-error", "0.2", "--force", "--name", "p", "--replace"
    )
    assert code == 0, again
    assert "400/400" not in again  # the answers are there; only the readings are asked


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--small", "scripted:large.toml"), "its small model is scripted:small.toml"),
        (("--limit", "100"), "its limit is None, not 100"),
        (("--seed", "3"), "its seed is 0, not 3"),
        (("--questions", "everyday"), "its question set is cases.jsonl"),
    ],
)
def test_what_is_typed_with_resume_is_not_overheard(study, place, capsys, typed, said):
    code, _, err = run(
        capsys, "calibrate", "--resume", study, *typed, "--out", str(place / "p.json")
    )
    assert code == 1
    assert "cannot be resumed" in err
    assert said in err


def test_a_policy_that_was_refused_says_so_wherever_it_is_met(study, place, capsys):
    target = str(place / "p.json")
    assert calibrated(capsys, study, "--target-error", "0.03", "--force", "--out", target)[0] == 0
    assert "refused    Not certifiable" in run(capsys, "policy", "show", target)[1]
    code, _, err = run(capsys, "ask", f"policy:{target}", "Twice 41? case 041")
    assert code == 0
    assert "[p was written by --force: Not certifiable" in err


def test_the_list_marks_a_policy_that_was_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SPRAT_HOME", str(tmp_path))
    for name, refused in (("good", []), ("bad", ["It is not worth having."])):
        policy = Policy(
            name=name, kind="fallback", small=Side(model="s"), large=Side(model="l"),
            evaluation={"refused": refused},
        )  # fmt: skip
        write_policy(policy, tmp_path / "policies" / f"{name}.json")
    bad, good = run(capsys, "policy", "list")[1].splitlines()[1:]
    assert "refused" in bad
    assert "refused" not in good
    rows = json.loads(run(capsys, "policy", "list", "--json", "-")[1])["policies"]
    assert [row["refused"] for row in rows] == [["It is not worth having."], []]
