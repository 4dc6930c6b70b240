"""Golden cases carry their origin, and their derivations still give them."""

import importlib.util
import json
import sys

import pytest
from golden_cases import GOLDEN, load_golden

CASES = sorted(path.parent.name for path in GOLDEN.glob("*/expected.json"))


@pytest.mark.parametrize("name", CASES)
def test_case_has_an_origin(name):
    assert load_golden(name).values


def test_case_without_origin_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "made_up"
    folder.mkdir()
    doc = {"source": {"kind": "published"}, "tolerance": {"rtol": 1e-9}, "values": {"a": 1}}
    (folder / "expected.json").write_text(json.dumps(doc), "utf-8")
    monkeypatch.setattr("golden_cases.GOLDEN", tmp_path)
    with pytest.raises(AssertionError, match="lacks"):
        load_golden("made_up")


def test_derivations_give_the_stored_digits(capsys):
    path = GOLDEN / "make_golden.py"
    spec = importlib.util.spec_from_file_location("make_golden", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main(write=False, runners={".py": sys.executable}) == 0
    assert "CHANGED" not in capsys.readouterr().out
