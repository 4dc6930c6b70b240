import pytest

from audit_toolkit.errors import OperatorError
from audit_toolkit.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_said_gives_the_defaults():
    assert load_settings(environment={}) == Settings()


def test_file_in_the_working_folder_is_read(elsewhere):
    (elsewhere / "audit-toolkit.toml").write_text('store = "轮次"\nlanguage = "zh"\n', "utf-8")
    assert load_settings(environment={}) == Settings(store="轮次", language="zh")


def test_environment_overrules_the_file(elsewhere):
    file = elsewhere / "mine.toml"
    file.write_text('person = "w1"\nlanguage = "zh"\n')
    said = {
        "AUDIT_TOOLKIT_SETTINGS": str(file),
        "AUDIT_TOOLKIT_PERSON": "w2",
        "AUDIT_TOOLKIT_STORE": "",
        "OTHER_PERSON": "w3",
    }
    assert load_settings(environment=said) == Settings(person="w2", language="zh")


def test_environment_of_the_process_is_the_default(monkeypatch):
    monkeypatch.setenv("AUDIT_TOOLKIT_FOLDER", "files")
    assert load_settings().folder == "files"


@pytest.mark.parametrize(
    ("content", "code", "phrase"),
    [
        (b"stor = 'a'", "settings-unknown", "'stor'"),
        (b"language = 'fr'", "settings-wrong", "zh, en"),
        (b"person = 7", "settings-wrong", "person"),
        (b"person = ", "settings-unreadable", "cannot be read"),
        (b"person = '\xff'", "settings-unreadable", "cannot be read"),
    ],
)
def test_wrong_file_is_refused(elsewhere, content, code, phrase):
    file = elsewhere / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(OperatorError, match=phrase) as refused:
        load_settings(file, environment={})
    assert refused.value.code == code


def test_file_that_was_named_must_be_there(elsewhere):
    with pytest.raises(OperatorError, match=r"absent\.toml") as refused:
        load_settings(environment={"AUDIT_TOOLKIT_SETTINGS": str(elsewhere / "absent.toml")})
    assert refused.value.code == "settings-unreadable"


def test_unknown_language_in_the_environment_is_refused():
    with pytest.raises(OperatorError, match="language"):
        load_settings(environment={"AUDIT_TOOLKIT_LANGUAGE": "de"})
